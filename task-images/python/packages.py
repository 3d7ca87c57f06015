"""
The packages of a script: locked by hash, wheels only, installed once into a folder of the cache.

A folder gets its name when it is complete, so a killed attempt leaves none that others would take.
Knows uv.
"""

import hashlib
import os
import re
import shutil
import site
import stat
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from task_contract import End, TryAgain, WrongInput, info

FORGOTTEN = 3600.0
"""After so many seconds, nobody works on an unfinished folder any more."""
LONGEST_SAID = 500

_LOCKED = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9._, -]*\])?==[A-Za-z0-9.!+_-]+"
    r"(\s*;[^#@]*?)?(\s+--hash=sha256:[0-9a-f]{64})+"
)
_AWAY = re.compile(
    r"error sending request|[Ff]ailed to fetch|timed? ?out|[Cc]onnection|reading a body"
    r"|HTTP status server error"
)
_REFUSED = re.compile(r"\(40[13]\b")


@dataclass(frozen=True, slots=True)
class Index:
    """Where packages come from; empty: from where uv is set up to take them."""

    url: str
    user: str
    password: str

    def variables(self) -> dict[str, str]:
        """
        Return it as variables for uv: nobody else sees them, as they would see arguments.

        Raises:
            WrongInput: The URL has no http or https.

        """
        if not self.url:
            return {}
        found = re.fullmatch(r"(https?://)([^@/]+)(/.*)?", self.url)
        if found is None:
            raise WrongInput("indexUrl is no https://host/path without a user; correct it")
        variables = {"UV_DEFAULT_INDEX": f"given={self.url}", "UV_INDEX": ""}
        if self.user:
            variables["UV_INDEX_GIVEN_USERNAME"] = self.user
            variables["UV_INDEX_GIVEN_PASSWORD"] = self.password
        return variables


def install(listed: str, index: Index, cache: str, seconds: int) -> None:
    """
    Make some packages importable.

    Args:
        listed: Lines as `name==1.0 --hash=sha256:...`, as uv and pip-tools write them.
        index: Where they come from.
        cache: The folder that keeps them; empty: one of this machine, for this user.
        seconds: How long it may take.

    Raises:
        End: They cannot be had.

    """
    exact = locked(listed)
    parts = (sys.version, os.uname().machine, *exact)
    base = Path(cache or Path(tempfile.gettempdir()) / f"headrace-python-{os.getuid()}")
    whole = base / hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]
    try:
        if not cache:
            _own(base)
        if not whole.exists():
            base.mkdir(parents=True, exist_ok=True, mode=0o700)
            _tidy(base)
            _make(whole, exact, index, seconds)
    except OSError as error:
        raise End(f"{base}: {error.strerror}; give a cache with room and rights") from error
    site.addsitedir(str(whole))


def _own(base: Path) -> None:
    """Make a folder that nobody else has made: what is in it is code that runs."""
    base.mkdir(parents=True, exist_ok=True, mode=0o700)
    about = base.lstat()
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid() or about.st_mode & 0o022:
        raise End(f"{base} is a folder that others can write; remove it, or give a cache")


def locked(listed: str) -> list[str]:
    """
    Return the requirements, a line each.

    Raises:
        WrongInput: One is not pinned by version and hash, or is an option or an address.

    """
    lines = listed.replace("\\\r\n", " ").replace("\\\n", " ").splitlines()
    plain = [re.sub(r"(^|\s)#.*", "", line).strip() for line in lines]
    for line in filter(None, plain):
        if not _LOCKED.fullmatch(line):
            raise WrongInput(
                f"requirements: {line[:120]!r} is not name==version with --hash=sha256:...; write"
                " the list with: uv pip compile --generate-hashes"
            )
    return [line for line in plain if line]


def _make(whole: Path, exact: list[str], index: Index, seconds: int) -> None:
    from uv import find_uv_bin  # noqa: PLC0415 - most scripts need no packages

    info(f"installing {len(exact):,} packages; this happens once for each cache")
    with tempfile.TemporaryDirectory(prefix="part-", dir=whole.parent) as part:
        wanted = Path(part) / "requirements.txt"
        wanted.write_text("\n".join(exact), encoding="utf-8")
        words = [find_uv_bin(), "pip", "install", "--quiet", "--no-progress", "--color", "never"]
        words += ["--require-hashes", "--only-binary", ":all:", "--no-deps", "--python"]
        words += [sys.executable, "--target", f"{part}/packages", "--requirement", str(wanted)]
        words += ["--cache-dir", f"{part}/cache"]
        _call(words, index, seconds)
        Path(part, "packages").mkdir(exist_ok=True)  # All of them may be for other machines.
        try:
            Path(part, "packages").rename(whole)
        except OSError:
            if not whole.exists():  # Somebody else was faster.
                raise


def _call(words: list[str], index: Index, seconds: int) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WITH_")}
    kept.pop("PYTHONPATH", None)
    try:
        done = subprocess.run(  # noqa: S603 - uv, and our own words
            words,
            env={**kept, "UV_HTTP_TIMEOUT": "30", **index.variables()},
            capture_output=True,
            check=False,
            timeout=seconds,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise TryAgain(f"the packages did not come within {seconds}s; is the index away?") from None
    if done.returncode:
        raise _end(done.stderr.decode(errors="replace"), index.password)


def _end(said: str, password: str) -> End:
    """Return the end that a failure of uv means."""
    hidden = said.replace(password, "***") if password else said
    text = " ".join(re.sub(r"[^ -~]", " ", hidden).split())
    shown = text.removeprefix("error: ")[:LONGEST_SAID]
    if "No space left" in text or "File too large" in text:
        return End(f"no room for the packages: {shown}; give a cache with room")
    if "Hash mismatch" in text:
        return WrongInput(f"a package has another hash than requirements: {shown}")
    if _REFUSED.search(text):
        return WrongInput(f"the index refuses: {shown}; correct indexUser and indexPassword")
    if _AWAY.search(text):
        return TryAgain(f"the index cannot be reached: {shown}")
    return WrongInput(f"the packages cannot be installed: {shown}; correct requirements")


def _tidy(base: Path) -> None:
    """Remove what killed attempts have left."""
    for part in base.glob("part-*"):
        try:
            old = time.time() - part.stat().st_mtime > FORGOTTEN
        except FileNotFoundError:
            continue
        if old:
            shutil.rmtree(part, ignore_errors=True)
