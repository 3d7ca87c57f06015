"""`headrace validate`: what is printed, and the exit code."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from headrace.cli.main import main
from support.written import RICH

WORKFLOW = """\
apiVersion: headrace.dev/v1alpha1
kind: Workflow
metadata: {name: stock}
spec:
  params: [{name: region, default: eu}]
  tasks:
    - name: extract
      image: busybox:1.37
"""
RUN = """\
apiVersion: headrace.dev/v1alpha1
kind: WorkflowRun
metadata: {name: stock-1}
spec: {workflow: stock, params: [{name: region, value: us}]}
"""
FOREIGN = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
"""


def validate(*files: str | Path, stdin: str = "") -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["validate", *map(str, files)], input=stdin)


def test_valid_objects_are_told_and_all_is_well() -> None:
    """Each object has a line; exit code 0."""
    done = validate(RICH)
    assert 0 == done.exit_code, done.output
    lines = done.stdout.splitlines()
    assert 13 == len(lines)
    name = "stock-levels-of-all-warehouses-for-the-analysts-eu"
    assert f"{RICH}:3: Workflow {name!r} is valid: 14 tasks" == lines[0]


def test_each_problem_is_a_line_with_file_line_and_field() -> None:
    """Editors and other programs jump to such lines; exit code 2."""
    text = WORKFLOW.replace("extract", "Extract").replace("image", "imag")
    done = validate("-", stdin=text)
    assert 2 == done.exit_code
    name = "'Extract' is not allowed; use lower-case letters, digits and '-', beginning with a"
    name += " letter and ending with a letter or digit; did you mean 'extract'?"
    assert [
        f"<stdin>:7: spec.tasks[0].name: {name}",
        "<stdin>:8: spec.tasks[0].imag: there is no such field; did you mean 'image'?",
    ] == done.stdout.splitlines()


def test_several_files_and_documents_are_checked_in_one_go(tmp_path: Path) -> None:
    """A problem in one does not hide those of others, and names its own file and line."""
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text(f"{WORKFLOW}---\n{WORKFLOW.replace('region', '1')}")
    second.write_text(RUN.replace("workflow: stock", "workflow: Stock"))
    done = validate(first, second)
    assert 2 == done.exit_code
    starts = [line.partition(": ")[0] for line in done.stdout.splitlines()]
    assert [f"{first}:14", f"{second}:4"] == starts


def test_objects_of_others_are_passed_over() -> None:
    """They are named beside the result, not in it."""
    done = validate("-", stdin=f"{WORKFLOW}---\n{FOREIGN}")
    assert 0 == done.exit_code
    assert "<stdin>:10: ConfigMap 'settings' is not an object of Headrace: skipped\n" == done.stderr


def test_nothing_to_check_is_a_mistake() -> None:
    """A wrong folder or a wrong apiVersion must not look like success."""
    for text in ("", "---\n", FOREIGN):
        done = validate("-", stdin=text)
        assert 2 == done.exit_code
        assert "there is no object of headrace.dev here" in done.stdout


def test_a_list_is_looked_into() -> None:
    """`kubectl get -o yaml` writes such lists."""
    item = WORKFLOW.replace("extract", "Extract").replace("\n", "\n    ")
    done = validate("-", stdin=f"apiVersion: v1\nkind: List\nitems:\n  - {item}\n")
    assert done.stdout.startswith("<stdin>:10: items[0].spec.tasks[0].name: 'Extract' is not")


def test_a_run_is_compared_with_its_workflow(tmp_path: Path) -> None:
    """Parameters are checked where the workflow is among the files, in any order."""
    workflow, run = tmp_path / "workflow.yaml", tmp_path / "run.yaml"
    workflow.write_text(WORKFLOW)
    run.write_text(RUN.replace("region", "regoin"))
    done = validate(run, workflow)
    want = "spec.params: the workflow has no parameter 'regoin'; did you mean 'region'?"
    assert f"{run}:4: {want}" == done.stdout.strip()
    assert 0 == validate(run).exit_code


WRONG_KINDS = [
    ("kind: Workflow", "kind: Pipeline", "kind: there is no kind 'Pipeline'"),
    ("v1alpha1", "v1", "apiVersion: there is no 'headrace.dev/v1'; write headrace.dev/v1alpha1"),
    ("headrace.dev/", "headrace.io/", "must be headrace.dev/v1alpha1, not 'headrace.io/v1alpha1'"),
    ("apiVersion: headrace.dev/v1alpha1\n", "", "apiVersion: must be headrace.dev/v1alpha1"),
]


def test_a_rerun_need_not_give_what_the_earlier_run_has() -> None:
    """A parameter without a default is in that run; what is given must fit all the same."""
    rerun = """
apiVersion: headrace.dev/v1alpha1
kind: Workflow
metadata: {name: w}
spec: {params: [{name: day}], tasks: [{name: a, image: busybox}]}
---
apiVersion: headrace.dev/v1alpha1
kind: WorkflowRun
metadata: {name: again}
spec: {workflow: w, rerunOf: {name: w-1}}
"""
    assert 0 == validate("-", stdin=rerun).exit_code
    wrong = rerun.replace("{name: w-1}", "{name: w-1}, params: [{name: dya, value: x}]")
    assert "did you mean 'day'?" in validate("-", stdin=wrong).output


@pytest.mark.parametrize(("text", "instead", "want"), WRONG_KINDS)
def test_an_object_that_is_meant_to_be_ours_is_no_foreign_one(
    text: str, instead: str, want: str
) -> None:
    """A typing error in kind or apiVersion is told, not passed over."""
    done = validate("-", stdin=WORKFLOW.replace(text, instead))
    assert 2 == done.exit_code
    assert want in done.stdout


def test_a_workflow_of_another_engine_is_foreign() -> None:
    """Argo's kind has the same name."""
    done = validate("-", stdin=WORKFLOW.replace("headrace.dev", "argoproj.io") + "---\n" + RUN)
    assert 0 == done.exit_code
    assert "Workflow 'stock' is not an object of Headrace" in done.stderr


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """Not there, a folder: the reason is the system's own."""
    assert "nothing.yaml: cannot be read: No such file" in validate("nothing.yaml").stdout
    cure = f"{tmp_path}: is a folder; name its files, such as {tmp_path}/*.yaml\n"
    assert cure == validate(tmp_path).stdout
    assert "'': is no file name; name a file, or - for" in validate("").stdout


def test_a_file_that_the_api_server_would_refuse_is_not_even_read(tmp_path: Path) -> None:
    """Five megabytes are told at once; exit code 2."""
    large = tmp_path / "large.yaml"
    large.write_text(f"{WORKFLOW}      args: ['{'x' * 5_000_000}']\n")
    done = validate(large)
    assert 2 == done.exit_code
    assert f"{large}: is larger than 3 MiB, and the API server refuses such requests" in done.stdout


def test_an_object_that_the_cluster_cannot_keep_is_told(tmp_path: Path) -> None:
    """The cluster itself says only `etcdserver: request is too large`."""
    large = tmp_path / "large.yaml"
    args = ", ".join(["x" * 30_000] * 51)
    large.write_text(f"{WORKFLOW}      args: [{args}]\n")
    done = validate(large)
    assert 2 == done.exit_code
    assert f"{large}:4: spec: the object has 1530" in done.stdout
    assert "a cluster keeps at most 1500000; split the workflow" in done.stdout


def test_a_large_workflow_is_checked(tmp_path: Path) -> None:
    """As many tasks as a workflow may have; one more is refused."""
    tasks = [f"    - {{name: t{n}, image: a, dependsOn: [t{max(n - 1, 0)}]}}" for n in range(5001)]
    head = WORKFLOW.partition("    - name")[0]
    file = tmp_path / "large.yaml"
    file.write_text(head + "\n".join(["    - {name: t0, image: a}", *tasks[1:5000]]))
    assert "is valid: 5000 tasks" in validate(file).stdout
    file.write_text(head + "\n".join(["    - {name: t0, image: a}", *tasks[1:]]))
    assert "spec.tasks: has 5001 elements; at most 5000 are allowed" in validate(file).stdout


def test_the_program_ends_with_its_exit_code() -> None:
    """A process of its own, as a pipeline of a Git forge starts it."""
    words = [sys.executable, "-c", "from headrace.cli.main import main; main()", "validate", "-"]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for text, code in ((WORKFLOW, 0), (FOREIGN, 2)):
        done = subprocess.run(  # noqa: S603 - this test's own words
            words, input=text, text=True, env=environ, check=False
        )
        assert code == done.returncode


def test_one_task_is_one_task() -> None:
    """A number and its noun fit together."""
    assert "Workflow 'stock' is valid: 1 task\n" in validate("-", stdin=WORKFLOW).stdout


def test_an_object_without_kind_or_name_is_named_as_such() -> None:
    """Nobody is told of an object called ''."""
    told = validate("-", stdin=f"{WORKFLOW}---\nvalues: 3\n---\nkind: ConfigMap\n").stderr
    assert [
        "<stdin>:10: an object without a kind without a name is not an object of Headrace: skipped",
        "<stdin>:12: ConfigMap without a name is not an object of Headrace: skipped",
    ] == told.splitlines()


def test_a_text_that_no_program_can_be_given_is_told() -> None:
    """A NUL character ends an argument: the attempt could never start."""
    done = validate("-", stdin=WORKFLOW + '      command: [echo, "a\\0b"]\n')
    assert 2 == done.exit_code
    assert "<stdin>:9: spec.tasks[0].command[1]: has a NUL character" in done.stdout
    image = WORKFLOW.replace("image: ", 'image: "a\\0b" # ', 1)
    assert "image: has a NUL character" in validate("-", stdin=image).stdout


def test_each_wrong_parameter_of_a_run_has_a_line() -> None:
    """They are no sentence without end."""
    run = RUN.replace("[{name: region, value: us}]", "[{name: p, value: 1}, {name: q, value: 2}]")
    told = validate("-", stdin=f"{WORKFLOW}---\n{run}").stdout.splitlines()
    assert [
        "<stdin>:13: spec.params: the workflow has no parameter 'p'; its parameters: region",
        "<stdin>:13: spec.params: the workflow has no parameter 'q'; its parameters: region",
    ] == told


TEAMS = """\
apiVersion: headrace.dev/v1alpha1
kind: Workflow
metadata: {{name: load, namespace: {0}}}
spec: {{tasks: [{{name: first, image: busybox, command: ["true"]}}]}}
---
apiVersion: headrace.dev/v1alpha1
kind: Workflow
metadata: {{name: load, namespace: {1}}}
spec: {{tasks: [{{name: second, image: busybox, command: ["true"]}}]}}
"""


def test_one_name_in_two_namespaces_is_two_workflows() -> None:
    """Each can be chosen; a name that leaves open which is meant is told how."""
    both = TEAMS.format("team-a", "team-b")
    assert 0 == validate("-", stdin=both).exit_code
    shown = CliRunner().invoke(main, ["graph", "-", "--name", "team-b/load"], input=both)
    assert (0, True) == (shown.exit_code, "second" in shown.stdout), shown.output
    unclear = CliRunner().invoke(main, ["graph", "-", "--name", "load"], input=both)
    assert 2 == unclear.exit_code
    assert "add --name, of: team-a/load, team-b/load" in unclear.output


def test_two_objects_of_one_name_and_namespace_are_told() -> None:
    """The second one would replace the first in silence."""
    done = validate("-", stdin=TEAMS.format("team-a", "team-a"))
    assert 2 == done.exit_code
    assert "6: Workflow 'load' is in two places, first in line 1; keep one" in done.stdout


def test_an_object_too_large_for_a_plain_apply_has_a_hint() -> None:
    """It is valid; `kubectl apply` alone would want to keep a copy in an annotation."""
    text = TEAMS.format("team-a", "team-b").replace('"true"', f'"{"x" * 30_000}"' + ', "y"' * 9, 1)
    long = ", ".join(f'"{"x" * 30_000}"' for _ in range(10))
    done = validate("-", stdin=text.replace('"y"', long, 1))
    assert 0 == done.exit_code
    assert "is larger than 256 KiB: send it with kubectl apply --server-side" in done.stderr


def test_a_fixed_offset_has_a_hint_of_its_sign() -> None:
    """It is valid, and many read it the wrong way round."""
    schedule = '{cron: "@daily", timeZone: Etc/GMT+5}'
    trigger = f"spec: {{triggers: [{{schedule: {schedule}}}], "
    text = TEAMS.format("team-a", "team-b").replace("spec: {", trigger, 1)
    done = validate("-", stdin=text)
    assert 0 == done.exit_code
    want = (
        "spec.triggers[0].schedule.timeZone: Etc/GMT+5 is UTC-5: its sign counts hours to the west"
    )
    assert want in done.stderr


def test_a_name_that_yaml_reads_as_false_is_told_once_with_one_cure() -> None:
    """The letter n is a word for false."""
    done = validate("-", stdin=TEAMS.format("team-a", "team-b").replace("name: load", "name: n", 1))
    told = [line for line in done.stdout.splitlines() if "metadata.name" in line]
    want = "must be text, not true or false; put it in quotes (YAML reads n as false)"
    assert [True] == [line.endswith(f"metadata.name: {want}") for line in told], told


CONDITION = """\
    - name: load
      dependsOn: [extract]
      image: busybox:1.37
      when: tasks.extrat.outputs.rows > 0
      env:
        - name: DAY
          value: day ${{ params.regio }}
"""
ALONE = """\
apiVersion: headrace.dev/v1alpha1
kind: TaskRun
metadata: {name: once}
spec:
  image: busybox:1.37
  env: [{name: A, value: "${{ tasks.a.outcome }}"}]
"""


def test_expressions_are_checked_with_line_field_and_column() -> None:
    """With the nearest name that is in scope."""
    done = validate("-", stdin=WORKFLOW + CONDITION)
    assert 2 == done.exit_code
    first, second = done.stdout.splitlines()
    assert (
        "<stdin>:12: spec.tasks[1].when: column 6 of 'tasks.extrat.outputs.rows > 0': there is no"
        " task 'extrat' before this one; did you mean 'extract'?"
    ) == first
    assert (
        "<stdin>:15: spec.tasks[1].env[0].value: column 15 of 'params.regio': the workflow has no"
        " parameter 'regio'; did you mean 'region'?"
    ) == second


def test_a_task_on_its_own_is_checked_too() -> None:
    """One of a run has values in place of its expressions, whatever they look like."""
    done = validate("-", stdin=ALONE)
    assert 2 == done.exit_code
    assert "spec.env[0].value: column " in done.stdout
    of_a_run = ALONE.replace("{name: once}", "{name: r.a}") + "  run: r\n  task: a\n"
    assert 0 == validate("-", stdin=of_a_run).exit_code
