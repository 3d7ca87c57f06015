"""
The object as it is applied: checked, named after the run and the task, labelled.

Knows names and labels. Knows no server.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from task_contract import Given, WrongInput

PREFIX = "resource.headrace.dev/"
"""Not that of the controller's own objects: it would take a Job with its labels for one of them."""
RUN, TASK, WORKFLOW = f"{PREFIX}run", f"{PREFIX}task", f"{PREFIX}workflow"
ATTEMPT, DIGEST = f"{PREFIX}attempt", f"{PREFIX}manifest"

LONGEST = 45
"""A RayJob takes no longer name, and others put words of their own behind it."""
_HASH = 8
_API_VERSION = re.compile(r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?v[0-9][a-z0-9]{0,30}")
_KIND = re.compile(r"[A-Z][A-Za-z0-9]{0,62}")
_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def name_for(about: Given) -> str:
    """Return the name of the object of a task: the same one in each attempt."""
    words = [about.run or "headrace", about.task or "task"]
    if about.item is not None:
        words.append(str(about.item.index))
    digest = hashlib.sha256("\0".join(words).encode()).hexdigest()[:_HASH]
    plain = re.sub(r"[^a-z0-9]+", "-", "-".join(words).lower()).strip("-")
    begun = plain if plain[:1].isalpha() else f"r-{plain}"
    return f"{begun[: LONGEST - _HASH - 1].strip('-')}-{digest}"


def checked(manifest: Any) -> None:
    """
    Check what no API server is needed for.

    Raises:
        WrongInput: It is no manifest of one object without a name.

    """
    if not isinstance(manifest, dict):
        raise WrongInput("manifest is no object; give one with apiVersion, kind and spec")
    for field, form in (("apiVersion", _API_VERSION), ("kind", _KIND)):
        value = manifest.get(field)
        if not isinstance(value, str) or form.fullmatch(value) is None:
            raise WrongInput(f"manifest.{field} is {str(value)[:80]!r}; correct it")
    metadata = manifest.get("metadata", {})
    if not isinstance(metadata, dict):
        raise WrongInput("manifest.metadata is no object; correct it")
    for field in ("name", "generateName"):
        if field in metadata:
            raise WrongInput(
                f"manifest.metadata.{field} has no place here: the name comes from run and task, so"
                " that a second attempt finds the object; remove it"
            )
    if "status" in manifest:
        raise WrongInput("manifest.status is the cluster's to write; remove it")


def namespace_of(manifest: Mapping[str, Any], own: str) -> str:
    """
    Return where the object belongs.

    Raises:
        WrongInput: The manifest names no namespace that can be.

    """
    named = manifest.get("metadata", {}).get("namespace", own)
    if not isinstance(named, str) or _NAMESPACE.fullmatch(named) is None:
        raise WrongInput(f"manifest.metadata.namespace is {str(named)[:80]!r}; correct it")
    return named


def complete(
    manifest: Mapping[str, Any],
    about: Given,
    namespace: str | None,
    owner: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """
    Return the object as it is applied.

    Args:
        manifest: What was given.
        about: The run and the task.
        namespace: None: the kind has none.
        owner: The run as owner; None: it has none.

    """
    metadata = dict(manifest.get("metadata", {}))
    metadata["name"] = name_for(about)
    if namespace is not None:
        metadata["namespace"] = namespace
    metadata["labels"] = {**_mapping(metadata, "labels"), **labels_for(about)}
    notes = {ATTEMPT: str(about.attempt), DIGEST: digest_of(manifest)}
    metadata["annotations"] = {**_mapping(metadata, "annotations"), **notes}
    if owner is not None:
        metadata["ownerReferences"] = [owner]
    return {**manifest, "metadata": metadata}


def labels_for(about: Given) -> dict[str, str]:
    """Return what says whose object it is."""
    pairs = {RUN: about.run, TASK: about.task, WORKFLOW: about.workflow}
    return {key: value for key, value in pairs.items() if value}


def digest_of(manifest: Mapping[str, Any]) -> str:
    """Return a hash of a manifest."""
    text = json.dumps(manifest, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _mapping(metadata: Mapping[str, Any], field: str) -> dict[str, Any]:
    value = metadata.get(field) or {}
    if not isinstance(value, dict):
        raise WrongInput(f"manifest.metadata.{field} is no object; correct it")
    return value
