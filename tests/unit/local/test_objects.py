"""The runs of a folder of state as objects of the API: `headrace.local.objects`."""

import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner

from headrace.api.v1alpha1.cache import CacheMode
from headrace.api.v1alpha1.run import RunSpec
from headrace.cli.main import main
from headrace.local.objects import NoStateError, StoredObjects
from support.window import command

WORKFLOW = """
apiVersion: headrace.dev/v1alpha1
kind: Workflow
metadata: {name: stock}
spec:
  params: [{name: region, type: String, default: eu}]
  defaults: {image: busybox}
  tasks:
    - {name: extract, command: [sh, -c, "echo hello"]}
    - {name: load, dependsOn: [extract], command: [sh, -c, "exit 3"]}
    - {name: after, dependsOn: [load], command: ["true"]}
"""


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of state with one run that has failed."""
    folder = tmp_path_factory.mktemp("state")
    (folder / "stock.yaml").write_text(WORKFLOW)
    words = ["run", str(folder / "stock.yaml"), "--state", str(folder / "s"), "--plain"]
    ran = CliRunner().invoke(main, [*words, "--runner", "process", "--param", "region=us"])
    assert 1 == ran.exit_code, ran.output
    return folder / "s"


def test_a_run_is_a_workflowrun(state: Path) -> None:
    """Its spec is one that the API would take, and its status is that of a cluster."""
    (item,) = StoredObjects(state).runs()
    spec = RunSpec.model_validate_json(json.dumps(item["spec"]))
    assert ("stock", "us") == (spec.workflow, spec.params[0].value)
    assert "Failed" == item["status"]["conditions"][0]["reason"]


def test_the_started_tasks_are_taskruns(state: Path) -> None:
    """One that never started has none, as in a cluster."""
    tasks = {item["spec"]["task"]: item for item in StoredObjects(state).tasks()}
    assert {"extract", "load"} == set(tasks)
    assert "Failed" == tasks["load"]["status"]["outcome"]


def test_a_folder_without_runs_is_told(tmp_path: Path) -> None:
    """With the cure."""
    with pytest.raises(NoStateError, match=r"there are no runs in .*; headrace run makes one"):
        StoredObjects(tmp_path)


def test_a_folder_of_another_version_is_told(tmp_path: Path) -> None:
    """Its tables may have other columns."""
    with sqlite3.connect(tmp_path / "state.db") as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(NoStateError, match="format 99"):
        StoredObjects(tmp_path)


def test_a_broken_folder_is_told(tmp_path: Path) -> None:
    """Not as a traceback of the database."""
    (tmp_path / "state.db").write_text("no database, but long enough to be looked at" * 40)
    with pytest.raises(NoStateError, match="cannot be read"):
        StoredObjects(tmp_path)


def test_commands_show_runs_of_this_machine(state: Path) -> None:
    """With the columns of a cluster, and the tasks that never started."""
    listed = command("list", "--state", str(state))
    assert ["stock", "Failed"] == listed.lines[1].split()[1:3]
    name = listed.lines[1].split()[0]
    shown = command("show", name, "--state", str(state))
    assert "Params:    region=us" in shown.lines
    words = {line.split()[0]: line.split()[1] for line in shown.lines[-3:]}
    assert {"extract": "Succeeded", "load": "NonZeroExit", "after": "UpstreamFailed"} == words
    assert 3 == command("show", f"{name}x", "--state", str(state)).code
    wrong = command("list", "workflows", "--state", str(state))
    assert 2 == wrong.code
    assert wrong.err.startswith("no server has this folder of state")


def test_without_any_cluster_a_folder_here_is_taken(
    state: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whoever has only a laptop types less. A context that is named is never replaced."""
    (tmp_path / ".headrace").symlink_to(state)
    monkeypatch.chdir(tmp_path)
    nowhere = {"KUBECONFIG": "", "HOME": str(tmp_path)}
    assert "stock" in command("list", **nowhere).out
    assert 5 == command("list", "--context", "here", **nowhere).code


def test_what_a_run_does_with_caches_is_shown(tmp_path: Path) -> None:
    """And by what later runs find its results: as a cluster shows both."""
    cached = WORKFLOW.replace("name: extract,", """name: extract, cache: {key: "'k'"},""")
    (tmp_path / "stock.yaml").write_text(cached)
    words = ["run", str(tmp_path / "stock.yaml"), "--state", str(tmp_path / "s"), "--plain"]
    ran = CliRunner().invoke(main, [*words, "--runner", "process", "--cache", "refresh"])
    assert 1 == ran.exit_code, ran.output
    (run,) = StoredObjects(tmp_path / "s").runs()
    assert CacheMode.REFRESH is RunSpec.model_validate_json(json.dumps(run["spec"])).cache
    tasks = {item["spec"]["task"]: item["spec"] for item in StoredObjects(tmp_path / "s").tasks()}
    assert (32, None) == (len(tasks["extract"]["cacheHash"]), tasks["load"].get("cacheHash"))
