"""
The frozen definitions of runs, and the workflows that they come from.

Reads Workflows and ControllerRevisions, parses each content once. Decides nothing about runs.
"""

import asyncio
from collections import OrderedDict
from typing import Any

import msgspec

from headrace.api.reading.parse import InvalidObjectError, parse_workflow
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.cluster.kinds import WORKFLOWS
from headrace.engine.definition.compile import Definition, compile_workflow
from headrace.engine.definition.problems import InvalidDefinitionError
from headrace.kube.client import Client
from headrace.kube.errors import ApiError, already_exists, not_found
from headrace.kube.objects import Meta
from headrace.kube.resources import CONTROLLER_REVISIONS, Ref
from headrace.manifests.kube import OwnObject
from headrace.manifests.objects import revision

_KEPT = 500


class Revision(msgspec.Struct, frozen=True):
    """A ControllerRevision, as far as Headrace reads it."""

    metadata: Meta
    data: dict[str, Any] = {}
    revision: int = 0


class UnusableError(Exception):
    """A definition cannot be run; the text says which field is wrong and the cure."""


class Definitions:
    """Definitions by the name of their revision; the content of a name never changes."""

    def __init__(self, client: Client) -> None:
        """Start with nothing read."""
        self._client = client
        self._compiled: OrderedDict[tuple[str, str], Definition] = OrderedDict()
        self._known: set[tuple[str, str]] = set()
        self._asked: dict[tuple[str, str], asyncio.Future[OwnObject | None]] = {}
        self._turns: dict[tuple[str, str], asyncio.Lock] = {}

    async def workflow(self, namespace: str, name: str) -> OwnObject | None:
        """
        Return a Workflow as it is now, or None if there is none.

        When a run ends, all runs that wait behind it ask at once. Those who ask while an answer is
        under way share the next one, which is of a time after they asked.
        """
        key = (namespace, name)
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked[key] = asyncio.ensure_future(self._ask(key))
        return await asyncio.shield(asked)

    async def _ask(self, key: tuple[str, str]) -> OwnObject | None:
        async with self._turns.setdefault(key, asyncio.Lock()):
            del self._asked[key]  # Who asks from here on gets a later answer.
            try:
                return await self._client.get(Ref(WORKFLOWS, *key), OwnObject)
            except ApiError as error:
                if not_found(error):
                    return None
                raise

    async def freeze(self, workflow: OwnObject) -> str:
        """
        Keep a workflow's definition as it is now; return the name of its revision.

        Raises:
            UnusableError: if it cannot be run.

        """
        meta = workflow.metadata
        manifest = revision(
            {"name": meta.name, "namespace": meta.namespace, "uid": meta.uid},
            workflow.spec,
            max(1, meta.generation),
        )
        name = str(manifest["metadata"]["name"])
        key = (meta.namespace, name)
        if key not in self._compiled:
            self._keep(key, compile_spec(workflow.spec))
        if key not in self._known:
            try:
                await self._client.create(CONTROLLER_REVISIONS, manifest, Revision, strict=False)
            except ApiError as error:
                if not already_exists(error):
                    raise
            self._known.add(key)
        return name

    async def read(self, namespace: str, name: str) -> Definition | None:
        """
        Return the definition of a revision, or None if there is no such revision.

        Raises:
            UnusableError: if somebody has written something else into it.

        """
        key = (namespace, name)
        if key in self._compiled:
            self._compiled.move_to_end(key)
            return self._compiled[key]
        try:
            found = await self._client.get(Ref(CONTROLLER_REVISIONS, namespace, name), Revision)
        except ApiError as error:
            if not_found(error):
                return None
            raise
        return self._keep(key, compile_spec(found.data.get("spec", {})))

    def forget(self, namespace: str, name: str) -> None:
        """Forget a revision that was deleted."""
        self._known.discard((namespace, name))
        self._compiled.pop((namespace, name), None)

    def _keep(self, key: tuple[str, str], definition: Definition) -> Definition:
        self._compiled[key] = definition
        while len(self._compiled) > _KEPT:
            self._compiled.popitem(last=False)
        return definition


def compile_spec(spec: dict[str, Any]) -> Definition:
    """
    Parse and compile a Workflow's spec.

    Raises:
        UnusableError: with everything that is wrong with it.

    """
    try:
        return compile_workflow(parse_spec(spec))
    except InvalidDefinitionError as error:
        raise UnusableError(str(error)) from None


def parse_spec(spec: dict[str, Any]) -> WorkflowSpec:
    """
    Parse a Workflow's spec.

    Raises:
        UnusableError: with everything that is wrong with it.

    """
    try:
        return parse_workflow({"spec": spec})
    except InvalidObjectError as error:
        raise UnusableError(str(error)) from None
