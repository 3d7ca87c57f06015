"""Certificates for servers of the test: an authority, and what it has signed. Needs openssl."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_NAMES: Final = "subjectAltName=IP:127.0.0.1,DNS:localhost"
_DAYS: Final = {"valid": 2, "expired": -1}


@dataclass(frozen=True)
class Certificates:
    """An authority, and the names of the certificates for 127.0.0.1 that it has signed."""

    folder: Path

    @property
    def ca(self) -> Path:
        """The authority's own certificate."""
        return self.folder / "ca.pem"

    def certificate(self, name: str) -> Path:
        """Return one of them: `valid` or `expired`."""
        return self.folder / f"{name}.pem"

    def key(self, name: str) -> Path:
        """Return its key."""
        return self.folder / f"{name}.key"


def make_certificates(folder: Path) -> Certificates:
    """Make an authority, and a certificate of each kind."""
    made = Certificates(folder)
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    ca = ("-x509", "-days", "2", "-subj", "/CN=authority of the test")
    _openssl(folder, "req", *curve, *ca, "-keyout", "ca.key", "-out", "ca.pem")
    (folder / "names").write_text(_NAMES)
    for name, days in _DAYS.items():
        wish = ("-subj", "/CN=127.0.0.1", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        _openssl(folder, "req", *curve, *wish)
        signer = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names")
        what = ("-in", f"{name}.csr", "-out", f"{name}.pem", "-days", str(days))
        _openssl(folder, "x509", "-req", *signer, *what)
    return made


def _openssl(folder: Path, *words: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own words
        ["openssl", *words],  # noqa: S607 - of the machine
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
    )
    assert done.returncode == 0, done.stderr
