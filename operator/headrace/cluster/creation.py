"""
The creation of an object by its derived name: an existing one is returned.

Knows the meaning of the API server's refusals for a start. Decides no start.
"""

from datetime import datetime, timedelta
from typing import TypeVar

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task.obstacles import Busy, Denied, Obstacle
from headrace.kube.client import Client
from headrace.kube.errors import ApiError, UnreachableError, already_exists, not_found
from headrace.kube.resources import Ref, Resource
from headrace.manifests.approval import Approval
from headrace.manifests.kube import Job, OwnObject
from headrace.manifests.objects import Manifest

AGAIN = timedelta(seconds=30)
"""The wait after a refusal that may pass."""

TRIES = 3
"""How often a create is sent in one turn. After that, the run gets another turn, each time
later."""

REFUSED_FOR_GOOD = (400, 405, 413, 415, 422)


T = TypeVar("T", Job, OwnObject, Approval)


async def create(client: Client, resource: Resource, manifest: Manifest, into: type[T]) -> T:
    """Create an object, or return the existing one with its name."""
    metadata = manifest["metadata"]
    ref = Ref(resource, metadata["namespace"], metadata["name"])
    for _ in range(TRIES):
        try:
            return await client.create(resource, manifest, into, tries=TRIES)
        except ApiError as error:
            if not already_exists(error):
                raise
        try:
            return await client.get(ref, into)
        except ApiError as error:
            if not not_found(error):
                raise  # Else it went in between, and its name is free now.
    raise UnreachableError(f"{ref} comes and goes")


def taken(what: str, now: datetime) -> Denied:
    """Return the refusal for a name that belongs to somebody else."""
    message = (
        f"{what} exists and belongs to somebody else; delete it if nothing needs it, and start"
        " a new run"
    )
    return Denied(Reason.NAME_TAKEN, message, now)


def refusal(error: ApiError, now: datetime) -> Obstacle:
    """Return the meaning of a refusal: wait, or never."""
    later = now + AGAIN
    text = error.message[:900]
    if error.status == 403 and "exceeded quota" in text:  # noqa: PLR2004 - Forbidden
        return Busy(Reason.QUOTA_EXCEEDED, text, later)
    if error.status == 403 and "cannot" in text and "in API group" in text:  # noqa: PLR2004
        return Busy(Reason.FORBIDDEN, text, later)
    if error.status == 403 and "being terminated" in text:  # noqa: PLR2004
        return Busy(Reason.API_UNAVAILABLE, text, later)
    if error.status in REFUSED_FOR_GOOD or error.status == 403:  # noqa: PLR2004
        return Denied(Reason.ADMISSION_DENIED, text, now)
    if not_found(error):
        return Busy(Reason.CONTAINER_CONFIG_ERROR, text, later)
    raise error
