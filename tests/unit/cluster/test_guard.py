"""Whether the API server keeps others from answering: `headrace.cluster.guard`."""

from collections.abc import Callable

import pytest

from headrace.cluster.guard import Guard
from headrace.cluster.kinds import APPROVALS
from headrace.kube.errors import ApiError
from headrace.kube.resources import Resource
from support.api_refusals import RefusalError, keep_others_out
from support.api_storage import Object
from support.plumbing import Rig


async def test_a_policy_that_refuses_is_there() -> None:
    """Its own words are the proof."""
    rig = Rig()
    rig.server.admit = keep_others_out
    assert True is await Guard(rig.client).holds("default")


async def test_without_a_policy_the_forbidden_answer_is_taken_and_nothing_is_written() -> None:
    """It is a dry run."""
    rig = Rig()
    before = rig.server.storage.version
    assert False is await Guard(rig.client).holds("default")
    assert ([], before) == (rig.server.storage.all(APPROVALS), rig.server.storage.version)


async def test_an_object_of_the_trials_name_changes_nothing() -> None:
    """Somebody made it: no policy keeps others from that either."""
    rig = Rig()
    name = "headrace-asks-whether-others-are-refused"
    body = {"metadata": {"name": name, "namespace": "default"}, "spec": {}}
    await rig.client.create(APPROVALS, body, dict)
    assert False is await Guard(rig.client).holds("default")


def says(code: int, reason: str, message: str) -> Callable[[Resource, Object], None]:
    """Return an admission that refuses everything with these words."""

    def refuse(_: Resource, __: Object) -> None:
        raise RefusalError(code, reason, message)

    return refuse


@pytest.mark.parametrize(
    "message",
    [
        'approvals.headrace.dev is forbidden: User "x" cannot create resource "approvals"',
        "exceeded quota: objects, requested: count/approvals.headrace.dev=1",
        "admission webhook denied the request: none of the approvers",
    ],
    ids=["a right is missing", "a quota is full", "a webhook says something like it"],
)
async def test_another_refusal_is_no_proof(message: str) -> None:
    """The caller hears of it as of any refusal."""
    rig = Rig()
    rig.server.admit = says(403, "Forbidden", message)
    with pytest.raises(ApiError, match="403"):
        await Guard(rig.client).holds("default")
