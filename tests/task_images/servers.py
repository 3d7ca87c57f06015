"""
Real servers for templates: PostgreSQL and MariaDB, with passwords and certificates.

    def test_...(postgres_server: Server, canary: Canary) -> None:
        url = postgres_server.new_database()    # of the user `user` with the password `password`
        postgres_server.present("expired")      # the certificate that it shows from now on

One of each a worker of the tests, on 127.0.0.1, started when first asked for and installed before
by apt where that can be; else the test is left out, and says why. `password` is that of `canary`:
what a program is given as a secret.
`certificates.ca` is the authority whose certificates a client should trust.
"""

from collections.abc import Iterator

import pytest

from support.certificates import Certificates, make_certificates
from support.mariadb import MariaDB, mariadb
from support.postgres import NetPostgres, net_postgres
from task_images.canary import VALUE


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Return an authority with certificates for 127.0.0.1: valid and expired."""
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def postgres_server(certificates: Certificates) -> Iterator[NetPostgres]:
    """Return a running PostgreSQL."""
    with net_postgres(certificates, VALUE) as running:
        yield running


@pytest.fixture(scope="session")
def mariadb_server(certificates: Certificates) -> Iterator[MariaDB]:
    """Return a running MariaDB."""
    with mariadb(certificates, VALUE) as running:
        yield running


__all__ = ["certificates", "mariadb_server", "postgres_server"]
