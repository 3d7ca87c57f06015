"""
What a kubelet makes of a container's variables, command and args.

The rule is that of `Container` in the API: references are expanded from variables, those that
cannot be resolved stay, `$$` is `$`, and values are not read again. Knows nothing of Headrace.
"""

from collections.abc import Mapping
from typing import Any


def expand(text: str, variables: Mapping[str, str]) -> str:
    """
    Expand the references in a text.

    A transcription of `Expand` in k8s.io/kubernetes/third_party/forked/golang/expansion: on bytes,
    and with a single byte taken for a character after a lone `$`, as there.
    """
    raw, out, at = text.encode(), bytearray(), 0
    while at < len(raw):
        if raw[at : at + 1] != b"$" or at + 1 == len(raw):
            out += raw[at : at + 1]
            at += 1
        elif raw[at + 1 : at + 2] == b"$":
            out += b"$"
            at += 2
        elif raw[at + 1 : at + 2] == b"(" and (end := raw.find(b")", at + 2)) > 0:
            name = raw[at + 2 : end].decode()
            out += variables.get(name, f"$({name})").encode()
            at = end + 1
        elif raw[at + 1 : at + 2] == b"(":
            out += b"$("
            at += 2
        else:
            out += b"$" + chr(raw[at + 1]).encode()
            at += 2
    return out.decode()


def variables_of(
    container: Mapping[str, Any], elsewhere: Mapping[str, str] | None = None
) -> dict[str, str]:
    """
    Return the variables of a container: each reads those before it.

    Args:
        container: The container in a manifest.
        elsewhere: The values that come from `valueFrom`, by name. One that is not here is missing.

    """
    variables: dict[str, str] = {}
    for each in container.get("env", ()):
        if "valueFrom" not in each:
            variables[each["name"]] = expand(each.get("value", ""), variables)
        elif each["name"] in (elsewhere or {}):
            variables[each["name"]] = (elsewhere or {})[each["name"]]
    return variables


def argv_of(
    container: Mapping[str, Any],
    elsewhere: Mapping[str, str] | None = None,
    env_from: Mapping[str, str] | None = None,
) -> list[str]:
    """
    Return the command line of a container: command, then args.

    Args:
        container: The container in a manifest.
        elsewhere: The values that come from `valueFrom`, by name.
        env_from: The values that come from `envFrom`, by name; only these texts read them.

    """
    variables = {**(env_from or {}), **variables_of(container, elsewhere)}
    words = (*container.get("command", ()), *container.get("args", ()))
    return [expand(word, variables) for word in words]
