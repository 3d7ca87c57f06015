"""
The templates of tasks, as the API server shows them, and the workflows that use them.

A TaskTemplate of the namespace comes before a ClusterTaskTemplate of the same name. Knows names and
versions; what a template means for a task is `engine.definition.templates`.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from typing import Final

from headrace.api.reading.parse import InvalidObjectError, parse_template
from headrace.api.v1alpha1.template import TemplateSpec
from headrace.cluster.kinds import CLUSTER_TASK_TEMPLATES, TASK_TEMPLATES
from headrace.engine.definition.templates import object_name, uses_of
from headrace.kube.objects import Meta
from headrace.kube.resources import Resource
from headrace.kube.store import Store, either
from headrace.manifests.kube import TemplateObject

Stamp = tuple[tuple[str, int], ...]
"""Which versions of templates a definition has: the uid and the generation of each."""

EVERYWHERE: Final = ""
"""The namespace of objects that have none."""


class UnusableTemplateError(Exception):
    """A template is gone, or has problems; the text names the wrong fields."""


class Templates:
    """The templates of all namespaces."""

    def __init__(
        self, wake: Callable[[tuple[str, str]], None], remembers: Callable[[str], bool]
    ) -> None:
        """
        Start empty.

        Args:
            wake: Called with the namespace and name of each workflow that uses a changed template.
            remembers: As for any store.

        """
        self._wake = wake
        self._users: dict[str, set[tuple[str, str]]] = defaultdict(set)
        """By template: the workflows that have asked for it."""
        self._own = Store(TemplateObject, changed=self._changed, remembers=remembers)
        self._shared = Store(TemplateObject, changed=self._changed, remembers=remembers)
        self._parsed: dict[tuple[str, int], TemplateSpec | str] = {}

    def watched(self) -> Iterator[tuple[Resource, str, Store[TemplateObject]]]:
        """Yield both kinds with the label selector of what to watch, and its store."""
        yield TASK_TEMPLATES, "", self._own
        yield CLUSTER_TASK_TEMPLATES, "", self._shared

    def stamp(self, workflow: tuple[str, str], uses: Collection[str]) -> Stamp:
        """Return which versions a workflow gets now. A change of one wakes it from now on."""
        for name in uses:
            self._users[name].add(workflow)
        found = (self._find(workflow[0], name) for name in uses)
        return tuple(("", 0) if each is None else _version(each.metadata) for each in found)

    def get(self, namespace: str, uses: str) -> TemplateSpec:
        """
        Return a template.

        Raises:
            UnusableTemplateError: It has problems, or it is gone.

        """
        found = self._find(namespace, uses)
        if found is None:
            raise UnusableTemplateError(f"template {uses!r} is gone")
        key = _version(found.metadata)
        if key not in self._parsed:
            self._parsed[key] = _parsed(found)
        parsed = self._parsed[key]
        if isinstance(parsed, str):
            raise UnusableTemplateError(f"template {uses!r} has problems of its own: {parsed}")
        return parsed

    def names(self, namespace: str) -> list[str]:
        """Return the templates that a namespace can use."""
        own = [each.metadata.name for each in self._own if each.metadata.namespace == namespace]
        shared = [each.metadata.name for each in self._shared]
        return list(dict.fromkeys(map(uses_of, (*own, *shared))))

    def _find(self, namespace: str, uses: str) -> TemplateObject | None:
        name = object_name(uses)
        return self._own.get(namespace, name) or self._shared.get(EVERYWHERE, name)

    def _changed(self, old: TemplateObject | None, new: TemplateObject | None) -> None:
        if old is not None and new is not None and _version(old.metadata) == _version(new.metadata):
            return
        if old is not None:
            self._parsed.pop(_version(old.metadata), None)
        meta = either(old, new).metadata
        users = self._users[uses_of(meta.name)]
        for workflow in tuple(users):
            if meta.namespace in (EVERYWHERE, workflow[0]):
                users.discard(workflow)  # Its turn asks again.
                self._wake(workflow)


def _version(meta: Meta) -> tuple[str, int]:
    return meta.uid, meta.generation


def _parsed(item: TemplateObject) -> TemplateSpec | str:
    """Return the spec of a template, or its problems."""
    metadata = {"name": item.metadata.name}
    try:
        return parse_template({"metadata": metadata, "spec": item.spec})
    except InvalidObjectError as error:
        return str(error)
