"""The file that clients read: `tools.cluster.kubeconfig`."""

import base64

import yaml

from tools.cluster.kubeconfig import Identity, kubeconfig

TEXT = kubeconfig("https://198.18.0.2:6443", b"authority", Identity("admin", b"who", b"secret"))


def test_a_client_finds_server_user_and_namespace() -> None:
    """The current context leads to a cluster and a user that the file has."""
    document = yaml.safe_load(TEXT)
    (entry,) = [c for c in document["contexts"] if c["name"] == document["current-context"]]
    clusters = {c["name"]: c["cluster"] for c in document["clusters"]}
    users = {u["name"]: u["user"] for u in document["users"]}
    assert clusters[entry["context"]["cluster"]]["server"] == "https://198.18.0.2:6443"
    assert "client-key-data" in users[entry["context"]["user"]]
    assert entry["context"]["namespace"] == "default"


def test_the_file_can_be_copied_anywhere() -> None:
    """Certificates and key are in the file, not beside it."""
    document = yaml.safe_load(TEXT)
    user = document["users"][0]["user"]
    authority = document["clusters"][0]["cluster"]["certificate-authority-data"]
    assert base64.b64decode(authority) == b"authority"
    assert base64.b64decode(user["client-certificate-data"]) == b"who"
    assert base64.b64decode(user["client-key-data"]) == b"secret"
