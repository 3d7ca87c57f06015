"""
Virtual environments for the programs of templates: one for each list of packages, in a cache.

Made when first needed, by one process at a time; half of one is made anew. Knows Python, pip and
files. Knows no template.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final

CACHE: Final = "HEADRACE_CACHE"
"""The variable that names another cache folder."""

_COMPLETE: Final = "complete"
"""The file that says that an environment has all its packages. It is written last."""
_FORM: Final = b"1"
"""Changes when environments are made in another way."""
_SHOWN: Final = 20
"""How many of pip's last lines an error shows."""


class NoEnvironmentError(Exception):
    """An environment cannot be made; the text says why."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment, made or not."""

    interpreter: Path
    """What it is made with."""
    requirements: Path | None
    """The list of packages, each with its hashes; None: it has none."""
    modules: tuple[Path, ...]
    """Folders whose modules its programs can import, too."""
    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def is_complete(self) -> bool:
        """Whether it has been made."""
        return (self.folder / _COMPLETE).exists()


def environment(
    interpreter: Path, requirements: Path | None, modules: tuple[Path, ...]
) -> Environment:
    """
    Return the environment for a list of packages. The same list has the same one.

    Raises:
        NoEnvironmentError: The list cannot be read.

    """
    try:
        packages = b"" if requirements is None else requirements.read_bytes()
    except OSError as error:
        raise NoEnvironmentError(f"{requirements}: {error.strerror}") from error
    parts = (_FORM, str(interpreter).encode(), packages, *(str(each).encode() for each in modules))
    digest = hashlib.sha256(b"\0".join(parts)).hexdigest()[:20]
    return Environment(interpreter, requirements, modules, cache_folder() / digest)


def cache_folder() -> Path:
    """Return the folder of all environments."""
    named = os.environ.get(CACHE)
    if named:
        return Path(named).absolute() / "environments"
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base).absolute() / "headrace" / "environments"


def make(wanted: Environment, name: str, say: Callable[[str], None]) -> None:
    """
    Make an environment, if nobody has made it yet.

    Args:
        wanted: The environment.
        name: Whom it is for, for messages.
        say: Called with progress, in words.

    Raises:
        NoEnvironmentError: It cannot be made.

    """
    if wanted.is_complete:
        return
    try:
        wanted.folder.parent.mkdir(parents=True, exist_ok=True)
        with _locked(wanted.folder.with_suffix(".lock"), name, say):
            if not wanted.is_complete:
                _make(wanted, name, say)
    except OSError as error:
        raise NoEnvironmentError(f"{wanted.folder.parent}: {error.strerror or error}") from error


@contextmanager
def _locked(path: Path, name: str, say: Callable[[str], None]) -> Iterator[None]:
    """Hold a lock that the system releases if this process dies."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another process makes the environment of {name}; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make(wanted: Environment, name: str, say: Callable[[str], None]) -> None:
    began, folder = monotonic(), wanted.folder
    if folder.exists():
        shutil.rmtree(folder)  # Somebody was interrupted.
    packages = _count(wanted.requirements)
    say(f"making the environment of {name} ({packages} packages); this happens once")
    try:
        bare = () if packages else ("--without-pip",)  # Pip takes most of the time.
        _run([str(wanted.interpreter), "-m", "venv", *bare, str(folder)])
        if packages:
            pip = (str(wanted.python), "-m", "pip", "--disable-pip-version-check", "install")
            exact = ("--require-hashes", "--only-binary", ":all:", "--quiet", "--no-input")
            _run([*pip, *exact, "--requirement", str(wanted.requirements)])
        _add_modules(wanted)
        (folder / _COMPLETE).touch()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    say(f"the environment of {name} is ready after {monotonic() - began:.0f}s")


def _count(requirements: Path | None) -> int:
    if requirements is None:
        return 0
    lines = requirements.read_text(encoding="utf-8").splitlines()
    return sum(bool(line) and not line.startswith(("#", " ", "\t", "-")) for line in lines)


def _run(words: Sequence[str]) -> None:
    # Variables that would bring the packages of another environment along.
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run(  # noqa: S603 - an interpreter that the user names, and pip
        words, capture_output=True, check=False, env=clean, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        output = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
        raise NoEnvironmentError("\n".join(output[-_SHOWN:]) or f"{words[0]} failed")


def _add_modules(wanted: Environment) -> None:
    if not wanted.modules:
        return
    (packages,) = wanted.folder.glob("lib/python*/site-packages")
    lines = "".join(f"{folder}\n" for folder in wanted.modules)
    (packages / "headrace-modules.pth").write_text(lines, encoding="utf-8")
