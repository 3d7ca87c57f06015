"""The run that a rerun repeats, as caches show it that are behind: `headrace.cluster.sources`."""

from headrace.api.v1alpha1.rerun import RerunOf
from headrace.cluster.kinds import WORKFLOW_RUNS
from headrace.engine.outcome import Outcome
from headrace.engine.run.observed import ObservedRun, RunKey
from headrace.kube.resources import Ref
from headrace.manifests.kube import OwnObject
from support.api_stage import ApiStage
from support.builders import chain
from support.story import Story
from support.world_rig import WorldRig


async def observed(rig: WorldRig, name: str) -> ObservedRun | None:
    """Return a run as a controller sees it whose caches know nothing else yet."""
    rig.restart()
    item = await rig.client.get(Ref(WORKFLOW_RUNS, "default", name), OwnObject)
    rig.caches.runs.put(item)
    return await rig.world.observe(RunKey("default", name))


def test_what_no_cache_knows_of_the_earlier_run_is_asked_for() -> None:
    """The run, and each task that started: to run one again in silence could do harm."""
    stage = ApiStage()
    story = Story(chain("a", "b", "c"), stage=stage)
    story.tick()
    story.succeed("a", output='{"rows": 3}')
    story.fail("b")
    story.another_run(story.run.definition, "etl-2", rerun=RerunOf(name="etl-1"))

    run = stage._run(observed(stage._rig, "etl-2"))  # noqa: SLF001 - behind the stage's own caches

    assert run is not None
    assert run.source is not None
    assert run.source.log.finished is not None
    ends = {name: seen.log.outcome for name, seen in run.source.tasks.items()}
    assert {"a": Outcome.SUCCEEDED, "b": Outcome.FAILED} == ends
    assert {"rows": 3} == run.source.tasks["a"].log.outputs
    stage.close()
