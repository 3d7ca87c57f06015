"""
The workflows with webhooks: what the receiver needs of each, kept up to date by a watch.

Knows the parts of a definition that say which deliveries start runs. Does not know its tasks.
"""

import logging
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from msgspec.structs import force_setattr, replace

from headrace.api.reading.parse import InvalidObjectError, parse_workflow
from headrace.api.v1alpha1.params import Param
from headrace.api.v1alpha1.webhook import WebhookTrigger
from headrace.kube.nesting import decode
from headrace.kube.objects import Meta, View
from headrace.kube.store import Store
from headrace.kube.wire import UNDECODABLE

NONE: Final = msgspec.Raw(b"[]")
_MARK: Final = b'"webhook"'
_any = msgspec.json.Decoder(Any)

log = logging.getLogger(__name__)


class HookedSpec(View, frozen=True):
    """The parts of a Workflow's spec that deliveries have to do with, unparsed."""

    triggers: msgspec.Raw = NONE
    params: msgspec.Raw = NONE
    suspend: Any = False

    def __post_init__(self) -> None:
        """Keep these parts alone, and nothing of a workflow without webhooks."""
        hooked = _MARK in bytes(self.triggers)
        force_setattr(self, "triggers", self.triggers.copy() if hooked else NONE)
        force_setattr(self, "params", self.params.copy() if hooked else NONE)


class HookedWorkflow(View, frozen=True):
    """A Workflow, as far as its webhooks need it."""

    metadata: Meta
    spec: HookedSpec = HookedSpec()

    def __post_init__(self) -> None:
        """Keep the identity. Who asked for the workflow has not asked for what others send."""
        bare = replace(self.metadata, labels={}, annotations={}, owner_references=())
        force_setattr(self, "metadata", bare)


@dataclass(frozen=True, slots=True)
class Hooked:
    """A workflow with its webhooks."""

    metadata: Meta
    suspended: bool
    webhooks: tuple[WebhookTrigger, ...]
    params: tuple[Param, ...]


class Workflows:
    """The workflows that the watch has shown."""

    def __init__(self) -> None:
        """Know none."""
        self.store = Store(HookedWorkflow, changed=self._changed)
        self._parsed: dict[str, Hooked | None] = {}
        """By uid, until the workflow changes."""

    def find(self, namespace: str, name: str) -> Hooked | None:
        """Return a workflow; None: there is none that takes deliveries."""
        item = self.store.get(namespace, name)
        if item is None or item.spec.triggers is NONE or item.metadata.deletion_timestamp:
            return None
        uid = item.metadata.uid
        if uid not in self._parsed:
            self._parsed[uid] = _parsed(item)
        return self._parsed[uid]

    def _changed(self, old: HookedWorkflow | None, new: HookedWorkflow | None) -> None:
        for item in (old, new):
            if item is not None:
                self._parsed.pop(item.metadata.uid, None)


def _parsed(item: HookedWorkflow) -> Hooked | None:
    parts = {name: _value(getattr(item.spec, name)) for name in ("triggers", "params")}
    spec = {**parts, "tasks": [{"name": "any"}]}  # a workflow has at least one
    try:
        read = parse_workflow({"spec": spec})
    except InvalidObjectError as error:
        log.warning("Workflow %s/%s takes no delivery: %s", *item.metadata.key, error)
        return None
    webhooks = tuple(each.webhook for each in read.triggers if each.webhook is not None)
    return Hooked(item.metadata, item.spec.suspend is True, webhooks, read.params)


def _value(written: msgspec.Raw) -> Any:
    try:
        return decode(_any, written)
    except UNDECODABLE:
        return None
