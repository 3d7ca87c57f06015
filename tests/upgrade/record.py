"""
Records what this version of the controller leaves behind in the middle of runs.

    PYTHONPATH=operator:tests python -m upgrade.record

It writes tests/upgrade/objects/VERSION.json, where VERSION is the commit that is checked out: all
objects of a cluster, and the time on it. Later versions of the controller must carry these runs on.
Record before a change of what is written; a recording is never changed.
"""

import json
import subprocess
from pathlib import Path

from headrace.api.v1alpha1.pod import EnvVar
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState
from headrace.engine.run.observed import RunKey
from support.api_stage import ApiStage
from support.builders import last, on, retries, task, workflow
from support.story import Story

OBJECTS = Path(__file__).parent / "objects"
GROWS = on("OOMKilled", then="Retry", memory_factor_percent=200, max_memory="4Gi")

DEFINITION = workflow(
    task("extract", outputs=({"name": "rows", "type": "Integer"},)),
    task("given", "extract", env=(EnvVar(name="ROWS", value="${{ tasks.extract.outputs.rows }}"),)),
    task("few", "extract", when="tasks.extract.outputs.rows < 3"),
    task("flaky", retry=retries(2, seconds=600)),
    task("hungry", retry=retries(1, GROWS, seconds=0)),
    task("evicted"),
    task("broken", allow_failure=True),
    task("alert", "broken", rule="OneFailed"),
    task("left-out", "broken"),
    task("join", "given", "flaky", "hungry", "evicted"),
    last("tidy"),
)
"""A run with a task in each of the states that a status keeps."""


def record() -> dict[str, object]:
    """Return all objects of a cluster in the middle of three runs, and its time."""
    stage = ApiStage()
    story = Story(DEFINITION, stage=stage)
    story.tick()
    story.begin("extract", "flaky", "hungry", "evicted", "broken")
    story.cluster.wait(5)
    story.succeed("extract", output='{"rows": 3}')
    story.fail("flaky", code=7)
    story.fail("hungry", reason=Reason.OOM_KILLED)
    story.fail("evicted", reason=Reason.EVICTED)
    story.fail("broken")
    story.cluster.wait(5)
    story.tick()
    story.begin("given", "hungry")
    over = story.another_run(DEFINITION, "over")
    story.tick(over)
    story.cluster.steer(over, DesiredState.TERMINATE)
    story.tick(over)
    paused = story.another_run(DEFINITION, "paused")
    story.tick(paused)
    story.cluster.steer(paused, DesiredState.PAUSE)
    story.tick(paused)
    story.cluster.wait(5)
    found = {
        "now": story.cluster.now.isoformat(),
        "runs": {key.name: run.uid for key, run in story.cluster.runs.items()},
        "objects": stage.cluster.everything(),
    }
    stage.close()
    return found


def key_of(name: str) -> RunKey:
    """Return the key of a recorded run."""
    return RunKey("default", name)


def main() -> None:
    """Write the recording of this commit."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607 - the git of whoever calls it
        check=True,
        capture_output=True,
        text=True,
    )
    OBJECTS.mkdir(exist_ok=True)
    target = OBJECTS / f"{commit.stdout.strip()}.json"
    target.write_text(json.dumps(record(), indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
