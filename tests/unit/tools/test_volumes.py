"""The default storage class: `tools.cluster.volumes`."""

import json
from pathlib import Path
from typing import Any

from tools.cluster import volumes
from tools.cluster.instance import instance

FOLDER = Path("/state/volumes")


def item(kind: str) -> Any:
    """Return the one object of that kind."""
    items: Any = volumes.objects(FOLDER)["items"]
    (found,) = [each for each in items if each["kind"] == kind]
    return found


def test_a_claim_without_a_class_gets_this_one() -> None:
    """The class is the default one, and has the name that kind gives its own."""
    found = item("StorageClass")
    default = "storageclass.kubernetes.io/is-default-class"
    assert (found["metadata"]["name"], found["metadata"]["annotations"]) == (
        "standard",
        {default: "true"},
    )


def test_volumes_lie_in_the_folder_that_goes_with_the_cluster() -> None:
    """No volume outlives `down`."""
    (place,) = json.loads(item("ConfigMap")["data"]["config.json"])["nodePathMap"]
    assert [str(FOLDER)] == place["paths"]


def test_the_program_finds_its_settings_in_the_cluster() -> None:
    """Names on its command line are those of the objects."""
    words = volumes.provisioner(Path("/bin/program"), instance("test", {})).command
    metadata = item("ConfigMap")["metadata"]
    assert f"--configmap-name={metadata['name']}" in words
    assert f"--namespace={metadata['namespace']}" in words
    assert f"--provisioner-name={item('StorageClass')['provisioner']}" in words
    assert f"--service-account-name={item('ServiceAccount')['metadata']['name']}" in words
