"""The broken manifests on a real cluster: who refuses each, and with which words."""

import json
import re

import pytest

from cluster.fixtures import Program
from cluster.story import Story, condition
from support.broken import Broken, Refuser, broken
from tools.cluster.commands import CommandFailedError

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("crds")]


def by(*refusers: Refuser) -> pytest.MarkDecorator:
    """Return the broken manifests that one of these refuses."""
    chosen = [manifest for manifest in broken() if manifest.refuser in refusers]
    return pytest.mark.parametrize("manifest", chosen, ids=lambda manifest: manifest.id)


@by(Refuser.KUBECTL, Refuser.SERVER)
def test_it_is_refused_before_it_is_stored(kubectl: Program, manifest: Broken) -> None:
    """Kubectl shows the field; where a rule of ours refuses, also the cure."""
    with pytest.raises(CommandFailedError) as caught:
        kubectl("create", "--dry-run=server", "-f", str(manifest.path))
    assert manifest.server_says
    assert manifest.server_says in str(caught.value)


@by(Refuser.NOBODY)
def test_it_becomes_something_else_in_silence(kubectl: Program, manifest: Broken) -> None:
    """Kubectl keeps the last of two equal keys: only `headrace validate` tells."""
    assert "created" in kubectl("create", "--dry-run=server", "-f", str(manifest.path))


@by(Refuser.CONTROLLER)
def test_the_status_tells_what_only_the_controller_sees(story: Story, manifest: Broken) -> None:
    """The API server takes it; Ready, or Succeeded, is False, with field and cure."""
    name = f"broken-{manifest.id.partition('-')[0]}"
    text = manifest.path.read_text(encoding="utf-8").replace("broken", name)
    story.kubectl("create", "-f", "-", stdin=text)
    kind = re.findall("^kind: (.*)$", text, re.MULTILINE)[-1].lower()  # What it needs comes before.
    which = "Ready" if kind == "workflow" else "Succeeded"

    def told() -> str:
        found = story.get(kind, name)
        conditions = found.get("status", {}).get("conditions", [])
        if any(each["type"] == which and each["status"] == "False" for each in conditions):
            return str(condition(found, which)["message"])
        return ""

    message = story.until(f"{which}=False of {name}", told)
    assert manifest.says in message
    assert str(manifest.field).removeprefix("spec.") in message
    assert not story.of_run("job", f"{name}-once")


def test_a_file_of_five_megabytes_is_refused(kubectl: Program, namespace: str) -> None:
    """The API server reads no request of more than 3 MiB."""
    large = {
        "apiVersion": "headrace.dev/v1alpha1",
        "kind": "Workflow",
        "metadata": {"name": "large"},
        "spec": {"tasks": [{"name": "a", "image": "b", "args": ["x" * 32_000] * 160}]},
    }
    words = ("create", "--namespace", namespace, "-f", "-")
    with pytest.raises(CommandFailedError, match="limit is 3145728"):
        kubectl(*words, stdin=json.dumps(large))


def test_broken_manifests_disturb_nobody(story: Story) -> None:
    """Beside all of them, a workflow runs to its end."""
    story.workflow("beside", {"name": "a", "command": ["true"]})
    assert "True" == condition(story.ended("beside-once"))["status"]
