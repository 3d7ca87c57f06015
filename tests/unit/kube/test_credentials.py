"""Who we are, read from files and kept fresh: `headrace.kube.credentials`."""

import json
import shutil
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from headrace.kube.credentials import (
    REREAD_SECONDS,
    Credentials,
    CredentialsError,
    Login,
    Server,
    find,
    from_kubeconfig,
    from_service_account,
)
from headrace.kube.errors import UnreachableError
from headrace.kube.transport import HttpTransport, Request
from support.api_http import serving

IN_A_POD = {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"}


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture(scope="session")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Make two authorities; each folder holds `ca.crt` and `tls.key` for 127.0.0.1."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed, so there is no certificate to test with")
    folders = []
    for name in ("old", "new"):
        folder = tmp_path_factory.mktemp(name)
        words = (
            f"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN={name}"
        )
        more = f"-addext subjectAltName=IP:127.0.0.1 -keyout {folder}/tls.key -out {folder}/ca.crt"
        subprocess.run([openssl, *words.split(), *more.split()], check=True, capture_output=True)  # noqa: S603 - our own words
        folders.append(folder)
    return folders


def service_account(folder: Path, authority: Path, token: str = "first") -> Path:  # noqa: S107 - no secret
    """Return a folder as a pod finds it."""
    (folder / "token").write_text(f"{token}\n")
    (folder / "namespace").write_text("data-team")
    shutil.copy(authority / "ca.crt", folder / "ca.crt")
    return folder


async def test_a_pod_speaks_as_its_service_account(authorities: list[Path], tmp_path: Path) -> None:
    """Address, namespace and token come from the environment and the mounted files."""
    credentials = from_service_account(IN_A_POD, service_account(tmp_path, authorities[0]))
    assert ("https://10.96.0.1:443", "data-team") == (
        credentials.server.url,
        credentials.server.namespace,
    )
    assert {"Authorization": "Bearer first"} == await credentials.headers()


def test_an_ipv6_address_is_put_in_brackets(authorities: list[Path], tmp_path: Path) -> None:
    """Clusters with IPv6 have such service addresses."""
    environ = {"KUBERNETES_SERVICE_HOST": "fd00::1"}
    credentials = from_service_account(environ, service_account(tmp_path, authorities[0]))
    assert "https://[fd00::1]:443" == credentials.server.url


def test_outside_of_a_pod_the_message_says_what_to_set(tmp_path: Path) -> None:
    """Without any credentials a person learns the two ways to give them."""
    with pytest.raises(CredentialsError, match="Set KUBECONFIG, or automountServiceAccountToken"):
        find({}, tmp_path)


async def test_a_token_is_read_again_each_minute() -> None:
    """The kubelet rotates tokens; the new one is used within a minute, without any refusal."""
    clock, readings = Clock(), []

    def read(*, anew: bool) -> Login:
        readings.append(anew)
        return Login(authorization=f"Bearer {len(readings)}")

    credentials = Credentials(Server("http://api"), read, clock)
    assert {"Authorization": "Bearer 1"} == await credentials.headers()
    clock.seconds = REREAD_SECONDS - 1
    assert {"Authorization": "Bearer 1"} == await credentials.headers()
    clock.seconds = REREAD_SECONDS
    assert {"Authorization": "Bearer 2"} == await credentials.headers()
    await credentials.renew()
    assert {"Authorization": "Bearer 3"} == await credentials.headers()
    assert [False, False, True] == readings


async def test_a_token_that_cannot_be_read_again_stays(
    authorities: list[Path], tmp_path: Path
) -> None:
    """A file that is missing for a moment ends nothing."""
    credentials = from_service_account(IN_A_POD, service_account(tmp_path, authorities[0]))
    (tmp_path / "token").unlink()
    await credentials.renew()
    assert {"Authorization": "Bearer first"} == await credentials.headers()


async def test_a_new_authority_is_trusted_without_a_restart(
    authorities: list[Path], tmp_path: Path
) -> None:
    """When the cluster's authority is replaced, one connection fails, and the next one stands."""
    old, new = authorities
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(new / "ca.crt", new / "tls.key")
    async with serving(_hello, tls) as url:
        host, port = url.removeprefix("https://").split(":")
        environ = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}
        credentials = from_service_account(environ, service_account(tmp_path, old))
        async with HttpTransport(credentials) as transport:
            shutil.copy(new / "ca.crt", tmp_path / "ca.crt")
            with pytest.raises(UnreachableError, match="certificate"):
                await transport.send(Request("GET", "/api"), 5)
            assert 200 == (await transport.send(Request("GET", "/api"), 5)).status


async def _hello(_request: web.Request) -> web.Response:
    return web.Response(body=b"{}")


def kubeconfig(folder: Path, user: dict[str, Any], cluster: dict[str, Any]) -> str:
    """Write a kubeconfig with two contexts; the first is the current one."""
    path = folder / "config"
    text = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "main",
        "clusters": [{"name": "c", "cluster": {"server": "https://api.example:6443/", **cluster}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [
            {"name": "main", "context": {"cluster": "c", "user": "u", "namespace": "team"}},
            {"name": "bare", "context": {"cluster": "c", "user": "u"}},
        ],
    }
    path.write_text(json.dumps(text))
    return str(path)


async def test_a_kubeconfig_with_a_token(tmp_path: Path) -> None:
    """The current context says where, who and in which namespace."""
    path = kubeconfig(tmp_path, {"token": "abc"}, {"tls-server-name": "inner"})
    credentials = from_kubeconfig(path)
    assert Server("https://api.example:6443", "team", "inner") == credentials.server
    assert {"Authorization": "Bearer abc"} == await credentials.headers()


def test_a_context_can_be_chosen(tmp_path: Path) -> None:
    """Another context than the current one has its own namespace."""
    path = kubeconfig(tmp_path, {"token": "abc"}, {})
    assert "default" == from_kubeconfig(path, "bare").server.namespace


async def test_a_kubeconfig_with_a_client_certificate(
    authorities: list[Path], tmp_path: Path
) -> None:
    """The server sees the certificate, and no header is sent."""
    old, _ = authorities
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(old / "ca.crt"))
    tls.load_cert_chain(old / "ca.crt", old / "tls.key")
    tls.verify_mode = ssl.CERT_REQUIRED
    seen: list[Any] = []

    async def handle(request: web.Request) -> web.Response:
        assert request.transport is not None
        certificate = request.transport.get_extra_info("peercert")
        seen.append((certificate["subject"], "Authorization" in request.headers))
        return web.Response(body=b"{}")

    async with serving(handle, tls) as url:
        user = {"client-certificate": str(old / "ca.crt"), "client-key": str(old / "tls.key")}
        cluster = {"server": url, "certificate-authority": str(old / "ca.crt")}
        credentials = from_kubeconfig(kubeconfig(tmp_path, user, cluster))
        async with HttpTransport(credentials) as transport:
            await transport.send(Request("GET", "/api"), 5)
    assert [(((("commonName", "old"),),), False)] == seen


def test_an_insecure_cluster_is_not_verified(tmp_path: Path) -> None:
    """`insecure-skip-tls-verify` means what it says, and nothing else turns verification off."""
    tls = from_kubeconfig(
        kubeconfig(tmp_path, {"token": "abc"}, {"insecure-skip-tls-verify": True})
    ).tls
    assert tls is not None
    assert (ssl.CERT_NONE, False) == (tls.verify_mode, tls.check_hostname)
    tls = from_kubeconfig(kubeconfig(tmp_path, {"token": "abc"}, {})).tls
    assert tls is not None
    assert (ssl.CERT_REQUIRED, True) == (tls.verify_mode, tls.check_hostname)


async def test_an_exec_plugin_is_asked_anew_when_its_token_is_refused(tmp_path: Path) -> None:
    """Tokens of cloud providers come from a program; after a refusal it runs again."""
    plugin = tmp_path / "plugin"
    plugin.write_text(
        "#!/bin/sh\n"
        f"echo run >> {tmp_path}/runs\n"
        'echo \'{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",'
        ' "status": {"token": "\'$(wc -l < ' + f"{tmp_path}/runs" + ")'\"}}'\n"
    )
    plugin.chmod(0o755)
    user = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": str(plugin),
            "interactiveMode": "Never",
        }
    }
    credentials = from_kubeconfig(kubeconfig(tmp_path, user, {}))
    assert {"Authorization": "Bearer 1"} == await credentials.headers()
    await credentials.renew()
    assert {"Authorization": "Bearer 2"} == await credentials.headers()


@pytest.mark.parametrize("text", ["", "{}", "contexts: ["])
def test_a_kubeconfig_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    """The message names the file."""
    path = tmp_path / "config"
    path.write_text(text)
    with pytest.raises(CredentialsError, match=str(path)):
        from_kubeconfig(str(path))


def test_the_environment_decides_which_credentials_count(
    authorities: list[Path], tmp_path: Path
) -> None:
    """A KUBECONFIG wins; without it, the home's kubeconfig, unless this is a pod."""
    (tmp_path / ".kube").mkdir()
    kubeconfig(tmp_path / ".kube", {"token": "home"}, {"server": "https://home"})
    (tmp_path / "other").mkdir()
    named = kubeconfig(tmp_path / "other", {"token": "named"}, {"server": "https://named"})
    assert "https://named" == find({"KUBECONFIG": named, **IN_A_POD}, tmp_path).server.url
    assert "https://home" == find({}, tmp_path).server.url
    with pytest.raises(CredentialsError):
        find(IN_A_POD, tmp_path)  # A pod does not use a kubeconfig that lies about.
    assert authorities
