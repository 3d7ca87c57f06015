"""
The kubectl commands and manifests that do the same as a command of ours.

Knows the words of kubectl. Runs nothing.
"""

import json
import shlex
from typing import Any

from headrace.cli.window.exits import WindowError
from headrace.cli.window.options import Window
from headrace.cli.window.source import Source
from headrace.kube.resources import Resource


def patch_command(
    window: Window, source: Source, kind: Resource, name: str, patch: dict[str, Any]
) -> str:
    """
    Return the kubectl command that merges into an object.

    Raises:
        WindowError: The object is on this machine, where kubectl cannot reach it.

    """
    refuse_local(source)
    body = json.dumps(patch, ensure_ascii=False)
    words = ["patch", kind.kind.lower(), name, f"--namespace={source.namespace}", "--type=merge"]
    return shlex.join([*window.kubectl, *words, f"--patch={body}"])


def refuse_local(source: Source) -> None:
    """
    Refuse to print what kubectl would do with a run of this machine.

    Raises:
        WindowError: The source is this machine.

    """
    if not source.namespace:
        raise WindowError("kubectl reaches no runs of this machine; leave out --print")
