"""The command line on a real cluster: what people see, start, steer and answer."""

import json
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from cluster.alone import ALONE
from cluster.control import Stage
from cluster.story import FAIL, SUCCEED, Story, lasting, shell, task
from support.window import Shown, command

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("controller")]

YEARLY = [{"schedule": {"cron": "0 0 1 1 *"}}]
"""So that a workflow does not run at once."""


namespace, controller, story = ALONE


class Person:
    """Somebody at a terminal, who may do all in one namespace."""

    def __init__(self, stage: Stage, namespace: str) -> None:
        self.variables = stage.cluster.variables()
        self._namespace = namespace

    def types(self, *words: str) -> Shown:
        """Run a command of ours."""
        return command(*words, "--namespace", self._namespace, **self.variables)

    def pastes(self, line: str) -> None:
        """Run a line that a command has printed."""
        subprocess.run(shlex.split(line), check=True, env=self.variables, capture_output=True)  # noqa: S603 - kubectl


@pytest.fixture
def person(stage: Stage, namespace: str) -> Person:
    """Return the administrator at a terminal."""
    return Person(stage, namespace)


def test_runs_are_started_shown_and_steered(story: Story, person: Person) -> None:
    """From the start to the end, each step by a command."""
    steps = [task("first", SUCCEED), task("second", lasting(), dependsOn=["first"])]
    params = [{"name": "rows", "type": "Integer"}]
    steps.append(task("third", SUCCEED, dependsOn=["second"]))
    story.workflow("etl", *steps, params=params, triggers=YEARLY)
    story.until("a definition", lambda: "True" in person.types("list", "workflows").out)
    assert 2 == person.types("start", "etl").code
    started = person.types("start", "etl", "--param", "rows=3", "--name", "mine")
    assert (0, "run mine of workflow etl is created\n") == (started.code, started.out)
    story.waits("mine.second", "Running")

    listed = person.types("list", "-w", "etl", "-s", "running", "-o", "name")
    assert "workflowrun.headrace.dev/mine" in listed.lines
    shown = person.types("show", "mine")
    assert ["first", "Succeeded"] == shown.lines[-3].split()[:2]
    assert ["third", "WaitingForUpstream"] == shown.lines[-1].split()[:2]
    assert "rows=3" in shown.out
    same = json.loads(person.types("show", "mine", "-o", "json").out)
    assert same["spec"] == story.get("workflowrun", "mine")["spec"]
    assert (
        story.get("taskrun", "mine.second")["metadata"]["name"]
        in person.types("show", "mine", "second").out
    )

    person.pastes(person.types("pause", "mine", "--print").out)
    assert "Pause" == story.get("workflowrun", "mine")["spec"]["desiredState"]
    assert 0 == person.types("resume", "mine").code
    assert 0 == person.types("cancel", "mine").code
    story.ended("mine")
    again = person.types("resume", "mine")
    assert 2 == again.code
    assert again.err.startswith("run mine has ended: Cancelled")


def test_wait_tells_the_end_of_the_run(story: Story, person: Person) -> None:
    """By its exit code."""
    story.workflow("bad", task("only", FAIL))
    story.ended("bad-once")
    shown = person.types("start", "bad", "--wait")
    assert 1 == shown.code
    assert "Failed" in shown.lines[-1]
    suspended = person.types("pause", "workflow/bad")
    assert (0, True) == (suspended.code, story.get("workflow", "bad")["spec"]["suspend"])


def test_a_run_is_repeated_from_what_failed(story: Story, person: Person) -> None:
    """By the command, and by the manifest that it prints; what succeeded is taken over."""
    env = [{"name": "OK", "value": "${{ params.ok }}"}]
    fails = task("b", shell('test "$OK" = yes'), dependsOn=["a"], env=env)
    params = [{"name": "ok", "default": "no"}]
    story.workflow("etl", task("a", SUCCEED), fails, params=params)
    story.ended("etl-once")
    done = person.types("rerun", "etl-once", "--param", "ok=yes", "--name", "again", "--wait")
    assert (0, "") == (done.code, done.err)
    assert ["run again repeats run etl-once", "run again: Succeeded"] == done.lines
    assert "etl-once" == story.get("taskrun", "again.a")["status"]["takenOverFrom"]
    vain = person.types("rerun", "again")
    assert (2, True) == (vain.code, "run again succeeded, and no task of it failed" in vain.err)
    words = ("rerun", "etl-once", "--task", "a", "--latest", "--param", "ok=yes", "--name", "whole")
    story.apply(yaml.safe_load(person.types(*words, "--print").out))
    story.ended("whole")
    assert "takenOverFrom" not in story.get("taskrun", "whole.a")["status"]


def test_a_backfill_is_planned_created_paused_and_explained(story: Story, person: Person) -> None:
    """The dry run names the runs that come."""
    triggers = [{"schedule": {"cron": "30 2 * * *", "timeZone": "Europe/Berlin"}}]
    story.workflow("stock", task("only", SUCCEED), triggers=triggers)
    story.until("a definition", lambda: "True" in person.types("list", "workflows").out)
    span = ("--from", "2026-01-01T00:00:00Z", "--to", "2026-01-03T12:00:00Z")
    planned = person.types("backfill", "stock", *span, "--dry-run", "-o", "name")
    assert (0, 3) == (planned.code, len(planned.lines))
    words = ("backfill", "stock", *span, "--name", "january", "--max-active", "3")
    assert 0 == person.types(*words).code
    story.until("the end", lambda: "Succeeded" in person.types("list", "backfills").out)
    ours = person.types("list", "-l", "headrace.dev/backfill=january", "-o", "name")
    assert {f"workflowrun.headrace.dev/{name}" for name in planned.lines} == set(ours.lines)
    assert "3/3" in person.types("show", "backfill/january").out
    assert "Succeeded" in person.types("explain", "backfill/january").lines[0]
    assert 2 == person.types("pause", "backfill/january").code


def test_a_question_is_answered(story: Story, person: Person) -> None:
    """And the run goes on."""
    asks = {"name": "ask", "approval": {"message": "Load?", "choices": ["all", "sample"]}}
    story.workflow("gate", asks)
    story.waits("gate-once.ask", "WaitingForApproval")
    assert "Load?" in person.types("list", "approvals").out
    answered = person.types("approve", "gate-once", "sample", "--comment", "half first")
    assert (0, "task ask of run gate-once: sample\n") == (answered.code, answered.out)
    story.ended("gate-once")
    assert "sample" == story.get("taskrun", "gate-once.ask")["status"]["outputs"]["choice"]


def test_a_run_that_stands_is_explained(story: Story, person: Person) -> None:
    """In the scheduler's own words."""
    nowhere = task("nowhere", SUCCEED, nodeSelector={"no": "such-node"})
    story.workflow("stuck", nowhere, task("after", SUCCEED, dependsOn=["nowhere"]))
    story.waits("stuck-once.nowhere", "Unschedulable")
    told = person.types("explain", "stuck-once")
    assert "node affinity/selector" in told.out
    assert "after start after the tasks that they depend on" in told.lines[-1]
    assert "waits for nowhere" in person.types("explain", "stuck-once", "after").lines[0]
    assert 0 == person.types("terminate", "stuck-once").code


def test_logs_are_read_and_followed(story: Story, person: Person) -> None:
    """All tasks as one stream, until the run has ended; watch tells its end."""
    says = shell("echo begin; sleep 3; echo end")
    last = task("last", shell("echo later"), dependsOn=["says"])
    story.workflow("speaks", task("says", says), last)
    story.waits("speaks-once.says", "Running")
    followed = person.types("logs", "speaks-once", "--follow")
    assert ["says | begin", "says | end", "last | later"] == followed.lines
    assert followed.lines == person.types("logs", "speaks-once").lines
    assert ["end"] == person.types("logs", "speaks-once", "says", "--tail=1", "-o", "raw").lines
    watched = person.types("watch", "speaks-once")
    assert (0, "run speaks-once: Succeeded") == (watched.code, watched.lines[-1])


def test_the_api_server_judges_manifests(story: Story, person: Person, tmp_path: Path) -> None:
    """What is there already counts too, and nothing is kept."""
    story.workflow("etl", task("only", SUCCEED), triggers=YEARLY)
    story.start("etl", "mine")
    path = tmp_path / "run.json"
    manifest = {
        "apiVersion": "headrace.dev/v1alpha1",
        "kind": "WorkflowRun",
        "metadata": {"name": "mine"},
        "spec": {"workflow": "other"},
    }
    path.write_text(json.dumps(manifest))
    refused = person.types("validate", "--server", str(path))
    assert 2 == refused.code
    assert "workflow cannot be changed; create a new run" in refused.out
    path.write_text(json.dumps({**manifest, "metadata": {"name": "new"}}))
    assert 0 == person.types("validate", "--server", str(path)).code
    assert {} == story.get("workflowrun", "new")


def test_what_the_api_server_refuses_is_one_sentence(
    story: Story, person: Person, tmp_path: Path
) -> None:
    """A right that is missing, a token that is none, a wrong name, a server that is away."""
    story.workflow("etl", task("only", SUCCEED), triggers=YEARLY)
    assert "did you mean 'etl'?" in person.types("show", "workflow/elt").err
    stranger = person.types("list", "--kubeconfig", str(_as_stranger(story, tmp_path)))
    assert (4, 1) == (stranger.code, len(stranger.err.splitlines()))
    assert 'cannot list resource "workflowruns"' in stranger.err
    wrong = person.types("list", "--kubeconfig", str(_kubeconfig(story, tmp_path, "nonsense")))
    assert (5, 1) == (wrong.code, len(wrong.err.splitlines()))
    assert "does not accept your credentials" in wrong.err


def _as_stranger(story: Story, folder: Path) -> Path:
    story.kubectl("create", "serviceaccount", "stranger")
    return _kubeconfig(story, folder, story.kubectl("create", "token", "stranger").strip())


def _kubeconfig(story: Story, folder: Path, token: str) -> Path:
    """Return a kubeconfig of somebody else."""
    view = json.loads(story.kubectl("config", "view", "--raw", "--minify", "-o", "json"))
    view["users"][0]["user"] = {"token": token}
    path = folder / "stranger"
    path.write_text(json.dumps(view))
    return path
