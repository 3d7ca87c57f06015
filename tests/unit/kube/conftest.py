"""The event loop that a module names, and servers with and without TLS."""

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from support.virtual_time import pytest_asyncio_loop_factories

__all__ = ["pytest_asyncio_loop_factories"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate for 127.0.0.1; the folder holds `ca.crt` and `tls.key`."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed, so there is no certificate to test with")
    folder = tmp_path_factory.mktemp("certificate")
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=test"
    more = f"-addext subjectAltName=IP:127.0.0.1 -keyout {folder}/tls.key -out {folder}/ca.crt"
    subprocess.run([openssl, *words.split(), *more.split()], check=True, capture_output=True)  # noqa: S603 - our own words
    return folder


@pytest.fixture(params=["http", "https"])
def tls(request: pytest.FixtureRequest, certificate: Path) -> ssl.SSLContext | None:
    """Return how the server speaks."""
    if request.param == "http":
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "ca.crt", certificate / "tls.key")
    return context
