"""Answers to questions of runs: `headrace approve`."""

import json
import shlex

import pytest

from headrace.cluster.kinds import APPROVALS
from support.window import CommandStage, approval, run


async def test_the_only_question_of_a_run_is_answered(cluster: CommandStage) -> None:
    """With approve, unless another choice is named."""
    for name, words, choice in (("a", [], "approve"), ("b", ["reject"], "reject")):
        cluster.put(run(name))
        cluster.put(approval(name, "ask"))
        shown = await cluster.call("approve", name, *words, "--comment", "looks good")
        assert (0, f"task ask of run {name}: {choice}\n") == (shown.code, shown.out)
        answer = cluster.read(APPROVALS, f"{name}-ask-1")["spec"]["answer"]
        assert {"choice": choice, "comment": "looks good"} == answer


async def test_a_question_is_named_by_its_task_or_its_own_name(cluster: CommandStage) -> None:
    """If the run asks several."""
    cluster.put(run("a"))
    for task in ("first", "second"):
        cluster.put(approval("a", task))
    shown = await cluster.call("approve", "a")
    assert (2, "run a asks several questions; add --task, of: first, second\n") == (
        shown.code,
        shown.err,
    )
    assert 0 == (await cluster.call("approve", "a", "--task", "second")).code
    assert 0 == (await cluster.call("approve", "approval/a-first-1")).code
    assert "answer" in cluster.read(APPROVALS, "a-first-1")["spec"]


async def test_print_is_the_patch(cluster: CommandStage) -> None:
    """And nobody has answered."""
    cluster.put(run("a"))
    cluster.put(approval("a", "ask"))
    shown = await cluster.call("approve", "a", "reject", "--comment", "it's late", "--print")
    words = shlex.split(shown.out)
    assert ["kubectl", "patch", "approval", "a-ask-1"] == words[:4]
    patch = json.loads(words[-1].partition("=")[2])
    assert {"spec": {"answer": {"choice": "reject", "comment": "it's late"}}} == patch
    assert "answer" not in cluster.read(APPROVALS, "a-ask-1")["spec"]


async def test_an_older_cluster_is_told_who_answers(cluster: CommandStage) -> None:
    """Before Kubernetes 1.36 it refuses an answer without a name; it knows ours."""
    cluster.put(run("a"))
    cluster.put(approval("a", "ask"))
    message = "spec.answer.by: an answer has the name of who gives it; write alice"
    cluster.refuse_once["PATCH approvals"] = (403, {"reason": "Forbidden", "message": message})
    review = {"status": {"userInfo": {"username": "alice"}}}
    cluster.refuse["POST selfsubjectreviews"] = (201, review)
    assert 0 == (await cluster.call("approve", "a")).code
    answer = cluster.read(APPROVALS, "a-ask-1")["spec"]["answer"]
    assert {"choice": "approve", "by": "alice"} == answer


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["quiet"], 2, "run quiet asks nobody now; headrace list approvals shows all questions"),
        (["done", "--task", "ask"], 2, "the question of task ask is closed: the answer was reject"),
        (["approval/done-ask-1"], 2, "approval/done-ask-1 is closed: the answer was reject"),
        (["open", "--task", "aks"], 3, "there is no question of task 'aks' in run open; did you"),
        (["open", "aprove"], 2, "'aprove' is none of the choices; did you mean 'approve'?"),
        (["opne"], 3, "there is no WorkflowRun 'opne' in namespace shop; did you mean 'open'?"),
        (["workflow/open"], 2, "workflow/open is no run; name one as NAME or run/NAME"),
    ],
)
async def test_what_cannot_be_answered_is_told(
    cluster: CommandStage, words: list[str], code: int, message: str
) -> None:
    """With the cure."""
    for name in ("quiet", "done", "open"):
        cluster.put(run(name))
    cluster.put(approval("done", "ask", "reject"))
    cluster.put(approval("open", "ask"))
    shown = await cluster.call("approve", *words)
    assert code == shown.code
    assert shown.err.startswith(message)
