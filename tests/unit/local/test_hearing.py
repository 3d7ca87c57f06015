"""What others want of a run of this process: `headrace.local.hearing`."""

import asyncio
from pathlib import Path

from headrace.api.v1alpha1.run import DesiredState
from headrace.local.hearing import hear
from headrace.local.store import Store
from support.builders import spec, task
from support.local_world import LocalRig, fields


async def test_a_wish_from_before_the_first_look_is_heard(tmp_path: Path) -> None:
    """Somebody may be quick: the run was read, and nobody listens yet."""
    rig = LocalRig(tmp_path, spec(task("a", **fields())))
    said: list[str] = []
    with (
        Store(tmp_path / "state" / "state.db") as own,
        Store(tmp_path / "state" / "state.db") as other,
    ):
        other.desire(rig.key.name, DesiredState.PAUSE)
        hearing = asyncio.create_task(hear(rig.world, own, said.append))
        await asyncio.sleep(0)
        hearing.cancel()

    assert (["somebody wants: Pause"], DesiredState.PAUSE) == (said, rig.world.run.desired)
    await rig.close()
