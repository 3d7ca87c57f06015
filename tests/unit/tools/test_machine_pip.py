"""What a build learns of this machine's pip: `tools.cluster.machine_pip`."""

from pathlib import Path

import pytest

from tools.cluster.machine_pip import as_file, files, settings

GLOBAL = "[global]\nindex-url = https://a.example/simple\ncert = /etc/ca.crt\n"
OWN = "[install]\nindex-url = https://b.example/simple\nno-binary = :all:\n"


@pytest.mark.parametrize(
    ("texts", "environ", "want"),
    [
        pytest.param([], {}, {}, id="nothing is set"),
        pytest.param(
            [GLOBAL, OWN],
            {},
            {"cert": "/etc/ca.crt", "index-url": "https://b.example/simple"},
            id="the file that is read last wins",
        ),
        pytest.param(
            [GLOBAL],
            {"PIP_INDEX_URL": "https://c.example/simple"},
            {"cert": "/etc/ca.crt", "index-url": "https://c.example/simple"},
            id="variables win over files",
        ),
        pytest.param(
            [],
            {"PIP_DEFAULT_TIMEOUT": "180", "PIP_TARGET": "/lib", "PIP_REQUIRE_VIRTUALENV": "1"},
            {"timeout": "180"},
            id="where packages go is the image's own affair",
        ),
        pytest.param(
            ["[global]\nindex-url = https://a.example/100%25/%(x)s\n"],
            {},
            {"index-url": "https://a.example/100%25/%(x)s"},
            id="percent signs are left as they are",
        ),
    ],
)
def test_settings(texts: list[str], environ: dict[str, str], want: dict[str, str]) -> None:
    """Only settings about where packages come from reach the image."""
    assert want == settings(texts, environ)


def test_what_is_written_is_read_again() -> None:
    """The file for the build says the same."""
    values = {"find-links": "/wheels https://a.example/%20", "timeout": "180"}
    assert values == settings([as_file(values)], {})


def test_a_file_named_by_a_variable_is_read_last() -> None:
    """As pip itself does."""
    found = files({"PIP_CONFIG_FILE": "/named.conf"}, Path("/home/me"))
    assert found[0] == Path("/etc/pip.conf")
    assert found[-1] == Path("/named.conf")
    assert Path("/home/me/.config/pip/pip.conf") in found
