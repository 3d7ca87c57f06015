"""From kubeconfigs to a server and a user: `headrace.access.kubeconfig`."""

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from headrace.access.failures import NoClusterError, NotConfiguredError
from headrace.access.kubeconfig import Place, in_namespace, place
from support.window import kubeconfig

URL = "https://10.0.0.1:6443"


def write(path: Path, config: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(config if isinstance(config, str) else yaml.safe_dump(config))
    return path


def of(tmp_path: Path, **user: Any) -> Place:
    """Return the place of a kubeconfig whose user has these fields."""
    config = kubeconfig(URL)
    config["users"][0]["user"] = {name.replace("_", "-"): value for name, value in user.items()}
    return place({"KUBECONFIG": str(write(tmp_path / "config", config))}, tmp_path)


def test_the_file_of_the_home_is_the_usual_one(tmp_path: Path) -> None:
    """As for kubectl."""
    write(tmp_path / ".kube" / "config", kubeconfig(URL))
    found = place({}, tmp_path)
    assert (URL, "shop", "here") == (found.server, found.namespace, found.context)
    assert "secret" not in repr(found)


def test_the_first_of_several_files_decides(tmp_path: Path) -> None:
    """KUBECONFIG may name several; what one lacks, another has."""
    first = kubeconfig("https://first")
    first["users"] = []
    second = kubeconfig("https://second", token="two")  # noqa: S106 - no secret
    files = [write(tmp_path / "1", first), write(tmp_path / "2", second), tmp_path / "none"]
    found = place({"KUBECONFIG": ":".join(map(str, files))}, tmp_path)
    assert ("https://first", "two") == (found.server, found.user.token)


def test_paths_are_relative_to_their_file(tmp_path: Path) -> None:
    """Wherever the command is typed."""
    (tmp_path / "ca.crt").write_text("the authority")
    config = kubeconfig(URL)
    config["clusters"][0]["cluster"]["certificate-authority"] = "ca.crt"
    config["users"][0]["user"] = {"tokenFile": "token"}
    found = place({}, tmp_path, str(write(tmp_path / "config", config)))
    assert (b"the authority", tmp_path / "token") == (found.authority, found.user.token_file)


def test_data_comes_before_a_file(tmp_path: Path) -> None:
    """As for kubectl."""
    data = base64.b64encode(b"inline").decode()
    user = of(tmp_path, client_certificate_data=data, client_certificate="none.crt").user
    assert b"inline" == user.certificate


def test_whom_a_user_acts_as(tmp_path: Path) -> None:
    """Each group is a header of its own."""
    user = of(tmp_path, **{"as": "carol", "as_groups": ["a", "b"]}).user
    assert (
        ("Impersonate-User", "carol"),
        ("Impersonate-Group", "a"),
        ("Impersonate-Group", "b"),
    ) == user.headers


def test_a_program_is_found_beside_its_file(tmp_path: Path) -> None:
    """If its command has a slash; else in PATH."""
    for command, expected in (("./login", str(tmp_path / "login")), ("aws", "aws")):
        program = of(tmp_path, exec={"command": command, "args": ["get"]}).user.program
        assert program is not None
        assert (expected, ("get",)) == (program.command, program.arguments)


def test_the_account_of_a_pod_is_the_last_resort(tmp_path: Path) -> None:
    """A pod without a token is as good as no cluster."""
    inside = {"KUBERNETES_SERVICE_HOST": "10.96.0.1"}
    with pytest.raises(NotConfiguredError):
        place(inside, tmp_path)
    write(tmp_path / ".kube" / "config", kubeconfig(URL))
    assert URL == place(inside, tmp_path).server


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (": :", "is no YAML; repair it, or name another"),
        ("[1]", "is no kubeconfig; name another"),
        (
            {**kubeconfig(URL), "current-context": ""},
            "has no current context; name one with --context",
        ),
        ({**kubeconfig(URL), "clusters": []}, "context 'here' of the kubeconfig has no server"),
        (
            {**kubeconfig(URL), "users": [{"name": "alice", "user": {"auth-provider": {"a": 1}}}]},
            "auth-provider, which is not supported; use an exec plugin",
        ),
        (
            {**kubeconfig(URL), "users": [{"name": "alice", "user": {"client-key": "none"}}]},
            "client-key of the kubeconfig cannot be read",
        ),
        (
            {**kubeconfig(URL), "users": [{"name": "alice", "user": {"client-key-data": "no!"}}]},
            "client-key-data in the kubeconfig is no base64; repair it",
        ),
    ],
)
def test_a_wrong_file_is_told_with_the_cure(tmp_path: Path, config: Any, message: str) -> None:
    """In one sentence."""
    path = write(tmp_path / "config", config)
    with pytest.raises(NoClusterError) as told:
        place({}, tmp_path, str(path))
    assert message in str(told.value)
    assert "\n" not in str(told.value)


def test_an_empty_file_names_no_cluster(tmp_path: Path) -> None:
    """As one that does not exist."""
    with pytest.raises(NotConfiguredError):
        place({"KUBECONFIG": str(write(tmp_path / "config", ""))}, tmp_path)


def test_a_named_namespace_replaces_that_of_the_context() -> None:
    """Without a name, it stays."""
    assert "b" == in_namespace(Place(URL, "a"), "b").namespace
    assert "a" == in_namespace(Place(URL, "a"), None).namespace


@pytest.mark.parametrize(
    ("expected", "server", "environ"),
    [
        ("http://proxy:3128", URL, {"HTTPS_PROXY": "http://proxy:3128"}),
        ("http://proxy:3128", URL, {"https_proxy": "http://proxy:3128", "NO_PROXY": "other"}),
        (None, URL, {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "10.0.0.1"}),
        (None, "https://a.internal:6443", {"HTTPS_PROXY": "http://proxy", "no_proxy": ".internal"}),
        (None, URL, {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "a.b, 10.0.0.0/8"}),
        (
            "http://proxy",
            "https://ainternal",
            {"HTTPS_PROXY": "http://proxy", "NO_PROXY": "internal,"},
        ),
        (None, "https://127.0.0.1:6443", {"HTTPS_PROXY": "http://proxy:3128"}),
        (None, URL, {"HTTP_PROXY": "http://proxy:3128"}),
    ],
)
def test_the_environment_names_a_proxy(
    tmp_path: Path, expected: str | None, server: str, environ: dict[str, str]
) -> None:
    """As for kubectl: by the scheme of the server, and not for what NO_PROXY names."""
    path = write(tmp_path / "config", kubeconfig(server))
    assert expected == place(environ, tmp_path, str(path)).proxy
