"""
The specs of runs, backfills, and of TaskRuns on their own, each parsed once a generation.

Asks the API server for a spec that is too large for a cache, one at a time. Knows sizes. Does not
know the meaning of a spec.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final, TypeVar

from msgspec import json

from headrace.api.reading.parse import InvalidObjectError
from headrace.api.v1alpha1.backfill import BackfillSpec
from headrace.api.v1alpha1.run import RunSpec
from headrace.api.v1alpha1.taskrun import TaskRunSpec
from headrace.cluster.bounds import Kept
from headrace.kube.client import Client
from headrace.kube.errors import ApiError, StaleError, not_found
from headrace.kube.nesting import decode
from headrace.kube.objects import Meta
from headrace.kube.resources import Ref, Resource
from headrace.manifests.kube import OwnObject, WholeObject

KEPT_BYTES: Final = 2 * 1024 * 1024
"""The most bytes of JSON of all kept specs. Parsed, they take several times as much memory."""
AT_LEAST: Final = 1024
"""The least bytes that a spec counts."""

_decoder: Final = json.Decoder(dict[str, Any])
Spec = TypeVar("Spec", RunSpec, TaskRunSpec, BackfillSpec)
Parse = Callable[[dict[str, Any]], Spec]


class Specs:
    """Parsed specs, of a bounded size in all."""

    def __init__(self, client: Client) -> None:
        """Start empty; ask this client."""
        self._client = client
        self._kept: Kept[tuple[str, int], Any] = Kept(KEPT_BYTES)
        self._one_at_a_time = asyncio.Lock()

    async def of(self, resource: Resource, item: OwnObject, parse: Parse[Spec]) -> Spec | str:
        """
        Return an object's spec, or its problems.

        Raises:
            StaleError: The object has changed or is gone. Look again.

        """
        known = self._kept.get(_key(item.metadata))
        if known is None and not item.cut:
            known = self._parsed(item.metadata, decode(_decoder, item.written), parse)
        elif known is None:
            known = await self._asked(resource, item.metadata, parse)
        return known

    async def _asked(self, resource: Resource, meta: Meta, parse: Parse[Spec]) -> Spec | str:
        async with self._one_at_a_time:
            known = self._kept.get(_key(meta))  # Another may have asked in the meantime.
            if known is None:
                whole = await self.whole(resource, meta)
                known = self._parsed(whole.metadata, whole.spec, parse)
            return known

    def _parsed(self, meta: Meta, spec: dict[str, Any], parse: Parse[Spec]) -> Spec | str:
        try:
            parsed: Spec | str = parse({"spec": spec})
        except InvalidObjectError as error:
            parsed = str(error)
        self._kept.put(_key(meta), parsed, max(AT_LEAST, len(json.encode(spec))))
        return parsed

    async def whole(self, resource: Resource, meta: Meta) -> WholeObject:
        """
        Return an object with its whole spec, from the API server.

        Raises:
            StaleError: The object is gone, or another one has its name. Look again.

        """
        ref = Ref(resource, meta.namespace, meta.name)
        try:
            whole = await self._client.get(ref, WholeObject)
        except ApiError as error:
            if not_found(error):
                raise StaleError(f"{ref} is gone") from error
            raise
        if whole.metadata.uid != meta.uid:
            raise StaleError(f"{ref} is another one now")
        return whole


def _key(meta: Meta) -> tuple[str, int]:
    return meta.uid, meta.generation
