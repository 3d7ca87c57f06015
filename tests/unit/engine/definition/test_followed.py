"""Triggers beside the workflows that they name: `headrace.engine.definition.followed`."""

from typing import Any

from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.definition.compile import Definition, compile_workflow
from headrace.engine.definition.followed import Name, follow_problems, follows_itself


def workflow(*follows: dict[str, Any], **fields: Any) -> Definition:
    """Return a workflow that follows these."""
    given = {
        "tasks": [{"name": "a", "image": "busybox"}],
        "triggers": [{"workflow": each} for each in follows],
        **fields,
    }
    return compile_workflow(WorkflowSpec.model_validate(given))


def found(name: Name, known: dict[Name, Definition]) -> list[str]:
    """Return the problems of one of these workflows, as they are printed."""
    return [str(problem) for problem in follow_problems(name, known[name], known)]


def test_a_workflow_does_not_follow_itself() -> None:
    """Named with its namespace, or without. One of the same name elsewhere is another one."""
    want = (
        "spec.triggers[0].workflow.name: the workflow follows itself, so its runs would never end;"
        " name another workflow"
    )
    for other in ({"name": "a"}, {"name": "a", "namespace": "shop"}):
        assert [want] == [str(each) for each in follows_itself(("shop", "a"), workflow(other))]
    elsewhere = workflow({"name": "a", "namespace": "mill"})
    assert [] == list(follows_itself(("shop", "a"), elsewhere))


def test_a_circle_is_told_with_all_its_workflows() -> None:
    """Each of them hears the way from itself to itself, through another namespace too."""
    a = workflow({"name": "b", "namespace": "mill"}, exportTo=["mill"])
    b = workflow({"name": "a", "namespace": "shop"}, exportTo=["shop"])
    known = {("shop", "a"): a, ("mill", "b"): b}
    (problem,) = found(("shop", "a"), known)
    assert (
        "spec.triggers[0].workflow.name: workflows follow each other in a circle:"
        " a -> mill/b -> a; remove a trigger"
    ) == problem


def test_a_chain_is_no_circle() -> None:
    """Also if two ways lead to the same workflow, or one is not known."""
    known = {
        ("shop", "a"): workflow({"name": "b"}, {"name": "c"}, {"name": "unknown"}),
        ("shop", "b"): workflow({"name": "d"}),
        ("shop", "c"): workflow({"name": "d"}),
        ("shop", "d"): workflow(),
    }
    assert [] == [problem for name in known for problem in found(name, known)]


def test_outputs_that_the_other_workflow_does_not_have() -> None:
    """With the nearest name."""
    params = {"params": [{"name": "rows"}]}
    wanted = {"name": "a", "paramsFrom": [{"name": "rows", "output": "rwos"}]}
    known = {
        ("shop", "a"): workflow(outputs=[{"name": "rows", "expression": "1"}]),
        ("shop", "b"): workflow(wanted, **params),
    }
    (problem,) = found(("shop", "b"), known)
    assert "paramsFrom[0].output: workflow 'a' has no output 'rwos'" in problem
    assert "'rows'" in problem


def test_a_workflow_elsewhere_must_export() -> None:
    """The cure names the field."""
    known = {
        ("mill", "a"): workflow(exportTo=["other"]),
        ("shop", "b"): workflow({"name": "a", "namespace": "mill"}),
    }
    (problem,) = found(("shop", "b"), known)
    assert (
        "spec.triggers[0].workflow.namespace: workflow 'a' in 'mill' does not list 'shop' in"
        " exportTo; add it there"
    ) == problem
