"""
The settings for pip in a build: the same registry as on this machine.

Knows pip's places for settings. Passes on only settings on the source of packages. Settings on
their destination belong to the image.
"""

import configparser
import os
from collections.abc import Iterable, Mapping
from io import StringIO
from pathlib import Path

_SECTIONS = ("global", "install")  # of pip's files; the more specific one comes last
_PASSED_ON = frozenset(
    {
        "cert",
        "client-cert",
        "extra-index-url",
        "find-links",
        "index-url",
        "no-index",
        "proxy",
        "retries",
        "timeout",
        "trusted-host",
    }
)
_OTHER_NAMES = {"default-timeout": "timeout"}  # how pip's documentation spells it in variables


def files(environ: Mapping[str, str], home: Path) -> tuple[Path, ...]:
    """Return the files of pip's settings; later ones win."""
    own = environ.get("XDG_CONFIG_HOME")
    found = [
        Path("/etc/pip.conf"),
        home / ".pip" / "pip.conf",
        (Path(own) if own else home / ".config") / "pip" / "pip.conf",
    ]
    named = environ.get("PIP_CONFIG_FILE")
    return (*found, Path(named)) if named else tuple(found)


def settings(texts: Iterable[str], environ: Mapping[str, str]) -> Mapping[str, str]:
    """
    Return the settings that reach the image.

    Args:
        texts: The content of pip's files, the ones that win last.
        environ: This machine's variables; `PIP_…` wins over files.

    """
    found: dict[str, str] = {}
    for text in texts:
        parser = configparser.RawConfigParser()
        parser.read_string(text)
        for section in _SECTIONS:
            found.update(parser.items(section) if parser.has_section(section) else ())
    for name, value in environ.items():
        if name.startswith("PIP_"):
            found[name.removeprefix("PIP_").lower().replace("_", "-")] = value
    spelled = {_OTHER_NAMES.get(name, name): value for name, value in found.items()}
    return {name: value for name, value in sorted(spelled.items()) if name in _PASSED_ON}


def as_file(values: Mapping[str, str]) -> str:
    parser = configparser.RawConfigParser()
    parser["global"] = dict(values)
    text = StringIO()
    parser.write(text)
    return text.getvalue()


def _of_this_machine() -> Mapping[str, str]:
    there = [file for file in files(os.environ, Path.home()) if file.is_file()]
    return settings((file.read_text() for file in there), os.environ)


def settings_text() -> str:
    """Return the `pip.conf` for a build on this machine."""
    return as_file(_of_this_machine())


def local_folders() -> tuple[Path, ...]:
    """Return the folders on this machine that the settings name: the build must see them too."""
    words = _of_this_machine().get("find-links", "").split()
    return tuple(Path(word) for word in words if word.startswith("/") and Path(word).is_dir())
