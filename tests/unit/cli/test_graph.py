"""`headrace graph`: text and Mermaid."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from headrace.api.reading.parse import parse_workflow
from headrace.cli.graph import levels, mermaid, text
from headrace.cli.main import main
from headrace.engine.definition.compile import Definition, compile_workflow
from support.written import task, workflow

STOCK = workflow(
    task("extract"),
    task("check", dependsOn=["extract"]),
    task("load", dependsOn=["extract"]),
    task("alert", dependsOn=["check", "load"], runWhen="OneFailed"),
    task("end", dependsOn=["check"]),
    **{"finally": [task("tidy")]},
)


def compiled(manifest: dict[str, object]) -> Definition:
    """Return a definition."""
    return compile_workflow(parse_workflow(manifest))


def test_text_shows_levels_and_what_is_waited_for() -> None:
    """A task is below all that it waits for; other rules than AllSucceeded are named."""
    assert """\
stock: 5 tasks in 3 levels
   1  extract
   2  check    after extract
   2  load     after extract
   3  alert    after check, load (OneFailed)
   3  end      after check
finally, after all of them, whatever their outcome
      tidy""" == "\n".join(text("stock", compiled(STOCK)))


def test_a_task_over_items_says_which() -> None:
    """The expression as it is written, or how many there are; in a diagram it leans."""
    over = {"from": "tasks.list.outputs.files", "maxParallel": 5}
    manifest = workflow(
        task("list"),
        task("each", dependsOn=["list"], when="1 == 1", forEach=over),
        task("three", forEach={"items": ["a", "b", "c"]}),
        **{"finally": [task("one", forEach={"range": {"count": 1}})]},
    )

    lines = list(text("stock", compiled(manifest)))

    want = "each   after list when 1 == 1 (for each of tasks.list.outputs.files, 5 at a time)"
    assert f"   2  {want}" in lines
    assert "   1  three  (for each of 3 items)" in lines
    assert "      one    (for each of 1 item)" in lines
    assert '  t1[/"each"/]' in list(mermaid(compiled(manifest)))
    assert '    t3[/"one"/]' in list(mermaid(compiled(manifest)))


def test_mermaid_shows_the_same() -> None:
    """Numbers for nodes, since Mermaid cannot have a node called `end`."""
    assert """\
flowchart LR
  t0["extract"]
  t1["check"]
  t2["load"]
  t3["alert"]
  t4["end"]
  t0 --> t1
  t0 --> t2
  t1 -->|OneFailed| t3
  t2 -->|OneFailed| t3
  t1 --> t4
  subgraph last["finally"]
    t5["tidy"]
  end
  t3 -.-> last
  t4 -.-> last""" == "\n".join(mermaid(compiled(STOCK)))


def test_conditions_are_shown() -> None:
    """As text in full; at the arrows of a diagram there is room for a word."""
    conditional = workflow(
        task("a"),
        task("b", dependsOn=["a"], runWhen="AllDone", when="tasks.a.outcome ==\n  'Failed'"),
        task("c", when="params.x"),
        params=[{"name": "x", "type": "Boolean"}],
        **{"finally": [task("z", when="params.x")]},
    )
    lines = list(text("stock", compiled(conditional)))
    assert "   2  b  after a (AllDone) when tasks.a.outcome == 'Failed'" in lines
    assert "   1  c  when params.x" in lines
    assert "      z  when params.x" == lines[-1]
    assert "  t0 -->|AllDone, when| t1" in list(mermaid(compiled(conditional)))


def test_a_rule_without_upstream_is_named_too() -> None:
    """`Always` starts at once."""
    lines = list(text("one", compiled(workflow(task(runWhen="Always")))))
    assert ["one: 1 task in 1 level", "   1  extract  (Always)"] == lines


@pytest.mark.parametrize(("form", "want"), [("text", "stock: 5"), ("mermaid", "flowchart LR")])
def test_the_command_prints_the_form_that_is_asked_for(
    form: str, want: str, tmp_path: Path
) -> None:
    """Exit code 0."""
    file = tmp_path / "stock.yaml"
    file.write_text(str(STOCK))
    done = CliRunner().invoke(main, ["graph", str(file), "--format", form])
    assert (0, True) == (done.exit_code, done.stdout.startswith(want)), done.output


def test_a_workflow_that_cannot_run_is_told_as_validate_tells_it(tmp_path: Path) -> None:
    """The same lines, exit code 2."""
    file = tmp_path / "stock.yaml"
    file.write_text(str(workflow(task(dependsOn=["extrct"]))))
    drawn = CliRunner().invoke(main, ["graph", str(file)])
    judged = CliRunner().invoke(main, ["validate", str(file)])
    assert 2 == drawn.exit_code
    assert judged.stdout == drawn.stderr


@st.composite
def graphs(draw: st.DrawFn) -> Definition:
    """Return a workflow of up to twelve tasks, each after some of those before it."""
    names = [f"t{number}" for number in range(draw(st.integers(1, 12)))]
    tasks = [
        task(name, dependsOn=draw(st.lists(st.sampled_from(names[:index]), unique=True)))
        if index
        else task(name)
        for index, name in enumerate(names)
    ]
    return compiled(workflow(*reversed(tasks)))


@given(graphs())
def test_a_task_is_one_level_below_the_lowest_that_it_waits_for(definition: Definition) -> None:
    """Levels are lengths of longest paths, in whatever order tasks are written."""
    level = levels(definition)
    for name, upstream in definition.graph.upstream.items():
        assert level[name] == 1 + max((level[up] for up in upstream), default=0)


@given(graphs())
def test_mermaid_has_each_task_and_each_dependency_once(definition: Definition) -> None:
    """Nothing is lost in the picture."""
    drawn = "\n".join(mermaid(definition))
    nodes = dict(re.findall(r'^  (t\d+)\["(.+)"\]$', drawn, re.MULTILINE))
    edges = re.findall(r"^  (t\d+) --> (t\d+)$", drawn, re.MULTILINE)
    want = [(up, name) for name, task in definition.tasks.items() for up in task.upstream]
    assert sorted(definition.tasks) == sorted(nodes.values())
    assert sorted(want) == sorted((nodes[up], nodes[down]) for up, down in edges)


def test_a_wait_is_drawn_with_its_time() -> None:
    """Round in Mermaid; in text, with what it waits for."""
    definition = compiled(
        workflow(
            task("a"),
            {"name": "p", "dependsOn": ["a"], "wait": {"seconds": 5400}},
            {"name": "q", "dependsOn": ["p"], "when": "true", "wait": {"until": "run.logicalTime"}},
            **{"finally": [{"name": "z", "wait": {"seconds": 5}}]},
        )
    )
    lines = list(text("stock", definition))
    assert "   2  p  after a (waits 1h30m)" in lines
    assert "   3  q  after p when true (waits until run.logicalTime)" in lines
    assert "      z  (waits 5s)" in lines
    assert '  t1(["p"])' in list(mermaid(definition))
    assert '    t3(["z"])' in list(mermaid(definition))


def test_a_question_is_drawn_as_a_point_where_ways_part() -> None:
    """In text, with its choices, in `finally` too."""
    asks = {"message": "Go on?"}
    definition = compiled(
        workflow(
            task("a"),
            {"name": "p", "dependsOn": ["a"], "when": "true", "approval": asks},
            {"name": "q", "dependsOn": ["p"], "approval": {**asks, "choices": ["x", "y", "z"]}},
            **{"finally": [{"name": "end", "approval": asks}]},
        )
    )
    lines = list(text("stock", definition))
    assert "   2  p    after a when true (asks for approve or reject)" in lines
    assert "   3  q    after p (asks for x, y or z)" in lines
    assert "      end  (asks for approve or reject)" in lines
    drawn = list(mermaid(definition))
    assert ('  t1{"p"}', '    t3{"end"}') == (drawn[2], drawn[7])
    assert "  t0 -->|when| t1" in drawn


def test_a_call_names_its_workflow() -> None:
    """In Mermaid it has bands at its sides."""
    definition = compiled(
        workflow(
            task("a"),
            {"name": "c", "dependsOn": ["a"], "runWhen": "AllDone", "workflow": {"name": "inner"}},
        )
    )
    assert "   2  c  calls inner after a (AllDone)" in list(text("stock", definition))
    assert '  t1[["c: inner"]]' in list(mermaid(definition))


def test_work_without_a_program_over_items_says_both() -> None:
    """What is done for each item, and for which; in Mermaid it keeps the shape of one."""
    items = {"forEach": {"items": ["x", "y"], "maxParallel": 1}}
    listed = {"dependsOn": ["list"], "forEach": {"from": "tasks.list.outputs.n"}}
    definition = compiled(
        workflow(
            task("list"),
            {"name": "waits", "wait": {"seconds": 60}, **items},
            {"name": "until", "wait": {"until": "timestamp(item)"}, **listed},
            {"name": "asks", "approval": {"message": "${{ item }}?"}, **items},
            {"name": "calls", "workflow": {"name": "inner"}, **listed},
        )
    )
    lines = list(text("stock", definition))
    each = "(for each of 2 items, 1 at a time)"
    assert f"   1  waits  {each} (waits 1m)" in lines
    assert f"   1  asks   {each} (asks for approve or reject)" in lines
    over = "after list (for each of tasks.list.outputs.n)"
    assert f"   2  until  {over} (waits until timestamp(item))" in lines
    assert f"   2  calls  calls inner {over}" in lines
    shapes = ['(["waits for each"])', '(["until for each"])', '{"asks for each"}']
    shapes.append('[["calls for each: inner"]]')
    want = [f"  t{number}{shape}" for number, shape in enumerate(shapes, 1)]
    assert want == list(mermaid(definition))[2:6]
