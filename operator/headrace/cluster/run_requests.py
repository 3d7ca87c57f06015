"""
Runs that workflows and backfills ask for: their creation and their end.

Knows one object at a time, and keeps the cache in step. Decides nothing.
"""

from typing import Any

from headrace.cluster.caches import Caches
from headrace.cluster.kinds import WORKFLOW_RUNS
from headrace.kube.client import Client
from headrace.kube.errors import ApiError, already_exists, not_found, of_another
from headrace.kube.resources import Ref
from headrace.manifests.kube import OwnObject
from headrace.manifests.objects import Manifest
from headrace.manifests.run_spec import CANCEL


class RunRequests:
    """Creates and cancels runs. A repetition changes nothing."""

    def __init__(self, caches: Caches, client: Client) -> None:
        """Write with this client, and tell these caches."""
        self._caches = caches
        self._client = client

    async def create(self, manifest: Manifest) -> OwnObject:
        """Create a run, and return the run with its name: perhaps it was there before."""
        metadata = manifest["metadata"]
        try:
            made = await self._client.create(WORKFLOW_RUNS, manifest, OwnObject)
        except ApiError as error:
            if not already_exists(error):
                raise
            ref = Ref(WORKFLOW_RUNS, metadata["namespace"], metadata["name"])
            made = await self._client.get(ref, OwnObject)
        self._caches.runs.put(made)
        return made

    async def cancel(self, namespace: str, name: str, uid: str) -> None:
        """Cancel the run with this uid, if it is still there."""
        body: dict[str, Any] = {"metadata": {"uid": uid}, "spec": CANCEL}
        try:
            ref = Ref(WORKFLOW_RUNS, namespace, name)
            self._caches.runs.put(await self._client.patch(ref, body, OwnObject))
        except ApiError as error:
            if not not_found(error) and not of_another(error):
                raise
