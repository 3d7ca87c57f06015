"""The tasks of the flights pipeline as processes, and what they agreed on with Headrace."""

import importlib.util
import json
import os
from pathlib import Path

import pytest

from examples.conftest import GoodRun, RunTask
from examples.flights.flights.contract import (
    BAD_DATA,
    Context,
    DataIsBadError,
    context_from,
    write_outputs,
)
from examples.flights.flights.layout import layout_of
from examples.flights.flights.tidy import MIN_AGE_SECONDS, tidy
from headrace.api.v1alpha1.workflow import WorkflowSpec

SUCCESS, TRY_AGAIN = 0, 1
BAD_TABLE = '{"injectBadTable": true}'
FAILED_CHECKS = [
    "rows-planes",
    "rows-joined",
    "key-planes",
    "match-plane",
    "match-light-aircraft",
    "range-planes",
]
"""The checks that find the damage of damage.py."""


def test_a_good_run_publishes_its_release(good: GoodRun) -> None:
    """After the last task, readers find the run's files under `latest`, as the manifest says."""
    manifest = json.loads((good.data / "latest" / "manifest.json").read_text())
    want = {name: entry["bytes"] for name, entry in manifest["files"].items()}
    assert want == {name: (good.data / "latest" / name).stat().st_size for name in want}
    assert good.name == manifest["run"]
    assert len(want) == good.outputs["publish"]["files"]


def test_a_bad_table_ends_in_the_checks_and_readers_keep_the_old_release(
    good: GoodRun, spec: WorkflowSpec, run_task: RunTask
) -> None:
    """The switch of the workflow shows what the checks are for."""
    ended = {task.name: run_task(task, good.data, "bad", BAD_TABLE) for task in spec.tasks[:7]}
    want = [SUCCESS] * 6 + [BAD_DATA]
    assert want == [task.code for task in ended.values()]
    assert "damaged on purpose" in ended["ingest-planes"].text
    assert ended["check"].outputs == {"checks": 34, "failed": FAILED_CHECKS}
    assert "6 of 34 checks failed: rows-planes, rows-joined" in ended["check"].text

    publish = next(task for task in spec.tasks if task.name == "publish")
    by_hand = run_task(publish, good.data, "bad", BAD_TABLE)
    assert (by_hand.code, by_hand.outputs) == (BAD_DATA, {})
    assert Path("runs/good/release") == (good.data / "latest").readlink()


@pytest.mark.parametrize("params", ['{"injectBadTable": "yes"}', "[]", "{"])
def test_wrong_parameters_are_not_tried_again(
    tmp_path: Path, spec: WorkflowSpec, run_task: RunTask, params: str
) -> None:
    """A wrong input ends with the exit code that the retry rules know, and one sentence."""
    planes = next(task for task in spec.tasks if task.name == "ingest-planes")
    ended = run_task(planes, tmp_path, "run", params)
    assert BAD_DATA == ended.code
    assert "Traceback" not in ended.text


def test_a_missing_input_may_be_tried_again(
    tmp_path: Path, spec: WorkflowSpec, run_task: RunTask
) -> None:
    """What a retry may cure ends with another exit code, and tells where it happened."""
    join = next(task for task in spec.tasks if task.name == "join")
    ended = run_task(join, tmp_path, "run", "{}")
    assert TRY_AGAIN == ended.code
    assert "Traceback" in ended.text


# --- the manifest ---------------------------------------------------------------------------------


def test_bad_data_is_never_retried(spec: WorkflowSpec) -> None:
    """The manifest's rule and the tasks' exit code are the same number."""
    assert spec.defaults.retry
    want = ("Fail", (BAD_DATA,))
    first = spec.defaults.retry.rules[0]
    assert want == (first.action, first.exit_codes)
    assert not any(task.retry for task in spec.tasks), "a task's own retry replaces the rule"


def test_each_command_names_a_module_that_is_there(spec: WorkflowSpec) -> None:
    """A typing error in the manifest is found before a cluster is."""
    for task in (*spec.tasks, *spec.finally_):
        python, option, module, *_ = task.command
        assert [python, option] == ["python", "-m"], task.name
        assert importlib.util.find_spec(f"examples.flights.{module}"), task.name


# --- the contract ---------------------------------------------------------------------------------


def test_data_lies_beside_the_manifest_unless_the_image_says_otherwise(tmp_path: Path) -> None:
    """A laptop needs no setting; the image sets DATA_DIR to where the volume is."""
    volume = Path("/data")
    assert tmp_path / "data" == context_from({}, tmp_path).data
    assert volume == context_from({"DATA_DIR": str(volume)}, tmp_path).data


def test_outputs_beyond_the_limit_are_refused(tmp_path: Path) -> None:
    """The task says so itself, with both numbers, before Headrace must."""
    path = tmp_path / "outputs"
    with pytest.raises(ValueError, match="outputs have 5009 bytes; 4096 are allowed"):
        write_outputs({"note": "x" * 4998}, {"HEADRACE_OUTPUTS": str(path)})
    assert not path.exists()


def test_a_parameter_that_is_not_true_or_false_is_refused() -> None:
    """The message names the parameter and what it was given."""
    context = Context(run="r", data=Path(), params={"injectBadTable": 1})
    with pytest.raises(DataIsBadError, match="injectBadTable is 1; give it true or false"):
        context.flag("injectBadTable")


# --- tidying up -----------------------------------------------------------------------------------


def old_runs(data: Path, *names: str) -> None:
    """Make folders of runs, the first one the oldest, all of them long done."""
    for age, name in enumerate(reversed(names), start=1):
        folder = data / "runs" / name
        (folder / "release").mkdir(parents=True)
        changed = folder.stat().st_mtime - age * MIN_AGE_SECONDS - 60
        os.utime(folder, (changed, changed))


def tidied(data: Path) -> list[str]:
    """Return the names of the runs that are there after tidying."""
    tidy(Context(run="e", data=data))
    return sorted(run.name for run in (data / "runs").iterdir())


def test_tidy_keeps_the_newest_runs(tmp_path: Path) -> None:
    """Three runs are kept; the folder does not grow for ever."""
    old_runs(tmp_path, "a", "b", "c", "d", "e")
    assert list("cde") == tidied(tmp_path)


def test_tidy_keeps_what_readers_use(tmp_path: Path) -> None:
    """However old it is, the published release stays."""
    old_runs(tmp_path, "a", "b", "c", "d", "e")
    (tmp_path / "latest").symlink_to("runs/a/release")
    assert list("acde") == tidied(tmp_path)


def test_tidy_keeps_runs_that_may_still_be_going_on(tmp_path: Path) -> None:
    """People may start many runs at once; none removes another's tables."""
    for name in "abcde":
        (tmp_path / "runs" / name).mkdir(parents=True)
    assert list("abcde") == tidied(tmp_path)


def test_tidy_removes_what_killed_attempts_left(tmp_path: Path) -> None:
    """Half-written files go, whole ones stay."""
    context = Context(run="r", data=tmp_path)
    raw = layout_of(context).raw("planes")
    (raw.parent / ".planes.parquet.x1.partial").mkdir(parents=True)
    raw.write_text("whole")
    tidy(context)
    assert [raw] == list(raw.parent.iterdir())


def test_tidy_before_anything_was_written_is_no_failure(tmp_path: Path) -> None:
    """A run that failed in its first task is tidied too."""
    want = {"removed": 0}
    assert want == tidy(Context(run="r", data=tmp_path / "data"))
