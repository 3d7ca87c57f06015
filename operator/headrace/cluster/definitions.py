"""
The pinned definitions of runs, and the workflows that they come from.

Reads Workflows and ControllerRevisions, and parses each content once. Decides nothing about runs.
"""

import asyncio
from functools import partial
from typing import Any, Final
from weakref import WeakValueDictionary

import msgspec
from msgspec import json

from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.cluster.bounds import Kept, forget_oldest
from headrace.cluster.compiler import Compiler, UnusableError, size
from headrace.cluster.filling_in import filled_in, uses_in
from headrace.cluster.kinds import WORKFLOWS
from headrace.cluster.templates import Stamp, Templates
from headrace.engine.definition.calls import calls_itself
from headrace.engine.definition.compile import Definition
from headrace.engine.definition.followed import follows_itself
from headrace.kube.client import Client
from headrace.kube.errors import ApiError, already_exists, not_found
from headrace.kube.objects import Meta, Projection
from headrace.kube.resources import CONTROLLER_REVISIONS, Ref
from headrace.manifests.kube import WorkflowObject
from headrace.manifests.objects import Manifest, revision

KEPT_BYTES: Final = 4 * 1024 * 1024
"""The most bytes of JSON of all kept definitions. Compiled, they take up to 30 times as much memory
(`python -m bench definitions`)."""


NAMES: Final = 20_000
"""For how many generations of workflows the names of revisions are remembered."""


class Content(msgspec.Struct, frozen=True):
    """The content of a ControllerRevision."""

    spec: msgspec.Raw = msgspec.Raw(b"{}")


class Revision(msgspec.Struct, frozen=True):
    """The part of a ControllerRevision that Headrace reads."""

    metadata: Meta
    data: Content = Content()
    revision: int = 0


class Definitions:
    """Definitions by the name of their revision; the content of a name never changes."""

    def __init__(self, client: Client, templates: Templates) -> None:
        """Start empty."""
        self._client = client
        self._templates = templates
        self._compiler = Compiler()
        self._compiled: Kept[tuple[str, str], Definition] = Kept(KEPT_BYTES)
        self._compiling: dict[tuple[str, str], asyncio.Future[Definition]] = {}
        self._known: set[tuple[str, str]] = set()
        self._uses: dict[tuple[str, int], tuple[str, ...]] = {}  # By uid and generation.
        self._names: dict[tuple[str, int, Stamp], str] = {}  # Of revisions.
        self._asked: dict[tuple[str, str], asyncio.Future[WorkflowObject | None]] = {}
        self._turns = WeakValueDictionary[tuple[str, str], asyncio.Lock]()

    async def workflow(self, namespace: str, name: str) -> WorkflowObject | None:
        """
        Return the current Workflow, or None if there is none.

        When a run ends, all runs behind it ask at once. Requests during a read share the next read,
        which begins after them.
        """
        key = (namespace, name)
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked[key] = asyncio.ensure_future(self._ask(key))
        return await asyncio.shield(asked)

    async def _ask(self, key: tuple[str, str]) -> WorkflowObject | None:
        turn = self._turns.setdefault(key, asyncio.Lock())
        async with turn:
            del self._asked[key]  # Later requests get a later answer.
            try:
                return await self._client.get(Ref(WORKFLOWS, *key), WorkflowObject)
            except ApiError as error:
                if not_found(error):
                    return None
                raise

    async def freeze(self, workflow: WorkflowObject) -> str:
        """
        Store a workflow's current definition; return the name of its revision.

        What templates say is a part of the definition: a run keeps it.

        Raises:
            UnusableError: if it cannot be run.
            TemplateError: if it cannot be run before somebody makes a template.

        """
        meta = workflow.metadata
        uses = await self._used(workflow)
        content = (*_content(meta), self._templates.stamp(meta.key, uses))
        name = self._names.get(content)
        if name is not None and (meta.namespace, name) in self._known:
            if self._compiled.get((meta.namespace, name)) is None:
                await self._compile((meta.namespace, name), await self._spec(workflow, uses))
            return name
        spec = await self._spec(workflow, uses)
        manifest = await self._compiler.read(spec, partial(_revision, meta))
        name = str(manifest["metadata"]["name"])
        definition = await self._compile((meta.namespace, name), spec)
        circles = (
            *calls_itself(meta.name, definition),
            *follows_itself((meta.namespace, meta.name), definition),
        )
        if circles:
            raise UnusableError("; ".join(map(str, circles)))
        try:
            await self._client.create(CONTROLLER_REVISIONS, manifest, Projection, strict=False)
        except ApiError as error:
            if not already_exists(error):
                raise
        self._known.add((meta.namespace, name))
        self._names[content] = name
        forget_oldest(self._names, NAMES)
        return name

    async def _used(self, workflow: WorkflowObject) -> tuple[str, ...]:
        """Return the templates that a workflow uses; its spec is read once a generation."""
        content = _content(workflow.metadata)
        if content not in self._uses:
            self._uses[content] = await self._compiler.read(workflow.spec, uses_in)
            forget_oldest(self._uses, NAMES)
        return self._uses[content]

    async def _spec(self, workflow: WorkflowObject, uses: tuple[str, ...]) -> msgspec.Raw:
        """Return a workflow's spec, with what its templates say."""
        if not uses:
            return workflow.spec
        namespace = workflow.metadata.namespace
        fill = partial(filled_in, namespace=namespace, templates=self._templates)
        return await self._compiler.read(workflow.spec, fill)

    async def read(self, namespace: str, name: str) -> Definition | None:
        """
        Return the definition of a revision, or None if there is no such revision.

        Raises:
            UnusableError: Somebody has written something else into it.

        """
        key = (namespace, name)
        known = self._compiled.get(key)
        if known is not None:
            return known
        try:
            found = await self._client.get(Ref(CONTROLLER_REVISIONS, namespace, name), Revision)
        except ApiError as error:
            if not_found(error):
                return None
            raise
        return await self._compile(key, found.data.spec)

    async def parse(self, workflow: WorkflowObject) -> WorkflowSpec:
        """
        Return a Workflow's current spec, without its tasks: the definition has them.

        Raises:
            UnusableError: if the rest is wrong. `freeze` says what is wrong with the tasks.

        """
        return await self._compiler.parse(workflow.spec)

    def forget(self, namespace: str, name: str) -> None:
        """Forget a deleted revision."""
        self._known.discard((namespace, name))
        self._compiled.drop((namespace, name))

    async def _compile(self, key: tuple[str, str], spec: msgspec.Raw) -> Definition:
        """Compile a content, once for many concurrent requests."""
        known = self._compiled.get(key)
        if known is not None:
            return known
        compiling = self._compiling.get(key)
        if compiling is None:
            compiling = asyncio.ensure_future(self._compile_anew(key, spec))
            self._compiling[key] = compiling
            compiling.add_done_callback(lambda _: self._compiling.pop(key))
        return await asyncio.shield(compiling)

    async def _compile_anew(self, key: tuple[str, str], spec: msgspec.Raw) -> Definition:
        definition = await self._compiler.compile(spec)
        self._compiled.put(key, definition, size(spec))
        return definition


def _content(meta: Meta) -> tuple[str, int]:
    return meta.uid, meta.generation


def _revision(meta: Meta, spec: dict[str, Any]) -> Manifest:
    """Return the revision of a spec, with its content as JSON, which takes less memory."""
    workflow = {"name": meta.name, "namespace": meta.namespace, "uid": meta.uid}
    manifest = revision(workflow, spec, max(1, meta.generation))
    content = {key: msgspec.Raw(json.encode(value)) for key, value in manifest["data"].items()}
    return {**manifest, "data": content}
