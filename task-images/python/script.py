"""
Running a script: its variables, its outputs, its lines, and what its exceptions mean.

Knows no parameter by name.
"""

import contextlib
import io
import json
import keyword
import linecache
import runpy
import sys
import traceback
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from task_contract import End, WrongInput, error, given, info, write_outputs

OWN = ("outputs", "params", "item", "index", "run", "secret")
LONGEST_LINE = 16_384
LINE_TO_HIDE = 6
"""Of a secret with several lines, shorter ones stay: `{` is no secret."""
LONGEST_SAID = 300
MOST_FRAMES = 30


@dataclass(frozen=True, slots=True)
class Code:
    """What is run: a text with a name, or a module."""

    text: str
    module: str
    name: str


class Lines(io.TextIOBase):
    """What a script prints becomes lines of the log, without secrets."""

    def __init__(self, secrets: Sequence[str]) -> None:
        """Hide some texts; of one with several lines, each line: a log has no others."""
        lines = [
            line for each in secrets for line in each.splitlines() if len(line) >= LINE_TO_HIDE
        ]
        self._secrets = [each for each in (*secrets, *lines) if each]
        self._rest = ""

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def write(self, text: str) -> int:
        """Log each line that is whole, or very long."""
        *whole, self._rest = (self._rest + text).split("\n")
        if len(self._rest) > LONGEST_LINE:
            whole, self._rest = [*whole, self._rest], ""
        for line in whole:
            info(self.hidden(line))
        return len(text)

    def finish(self) -> None:
        """Log what has no end of line."""
        if self._rest:
            info(self.hidden(self._rest))
            self._rest = ""

    def hidden(self, text: str) -> str:
        """Return a text without secrets."""
        for each in self._secrets:
            text = text.replace(each, "***")
        return text


def variables_for(values: Mapping[str, Any], secret: bytes | None) -> dict[str, Any]:
    """
    Return the variables of a script.

    Raises:
        WrongInput: A name cannot be one, or is one of ours.

    """
    if not isinstance(values, dict):
        raise WrongInput("variables is no object of names and values; correct it")
    for name in values:
        if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("__"):
            raise WrongInput(f"variables: {name[:80]!r} cannot be the name of a variable")
        if name in OWN:
            raise WrongInput(f"variables: {name!r} is there already; take another name")
    about = given()
    return {
        **values,
        "outputs": {},
        "params": about.params,
        "item": about.item and about.item.value,
        "index": about.item and about.item.index,
        "run": about,
        "secret": secret and secret.decode(),
    }


def execute(code: Code, variables: dict[str, Any], lines: Lines) -> None:
    """
    Run a script to its end, and write its outputs.

    Raises:
        End: It failed, or ended itself with a code that says so.

    """
    with contextlib.redirect_stdout(lines), contextlib.redirect_stderr(lines):
        try:
            _run(code, variables)
        except End as end:
            end.args = (lines.hidden(str(end)),)
            raise
        except SystemExit as end:
            _ended(end, lines)
        except Exception as failure:  # noqa: BLE001 - whatever a script may raise
            error("the script's own error", traceback=_frames(failure, lines))
            raise _failed(code, failure, lines) from None
        finally:
            lines.finish()
    if variables["outputs"]:
        _tell(variables["outputs"])


def _run(code: Code, variables: dict[str, Any]) -> None:
    if code.module:
        runpy.run_module(code.module, variables, run_name="__main__", alter_sys=True)
        return
    linecache.cache[code.name] = (
        len(code.text),
        None,
        code.text.splitlines(keepends=True),
        code.name,
    )
    try:
        compiled = compile(code.text, code.name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as wrong:
        line = f" (line {wrong.lineno})" if isinstance(wrong, SyntaxError) else ""
        why = wrong.msg if isinstance(wrong, SyntaxError) else wrong
        raise WrongInput(f"{code.name} is not Python: {why}{line}; correct it") from None
    own = types.ModuleType("__main__")
    own.__dict__.update(variables)
    sys.modules["__main__"] = own  # What it pickles must find its classes.
    if code.name != "script":
        sys.path.insert(0, str(Path(code.name).absolute().parent))
    exec(compiled, own.__dict__)  # noqa: S102 - this is what the template is for


def _ended(end: SystemExit, lines: Lines) -> None:
    if end.code in {0, None}:
        return
    if isinstance(end.code, int):
        sys.exit(end.code)
    raise End(lines.hidden(str(end.code))[:LONGEST_SAID])


def _failed(code: Code, failure: Exception, lines: Lines) -> End:
    if isinstance(failure, ImportError) and code.module and not _own(failure):
        return WrongInput(f"module {code.module[:80]!r}: {failure}; correct module or requirements")
    said = lines.hidden(f"{type(failure).__name__}: {failure}".rstrip(": "))
    where = next((f", line {each.lineno}" for each in _own(failure)[::-1]), "")
    return End(f"the script failed: {said[:LONGEST_SAID]}{where}; correct it")


def _own(failure: Exception) -> list[traceback.FrameSummary]:
    """Return the frames of the script, without ours."""
    frames = traceback.extract_tb(failure.__traceback__)
    ours = {__file__, runpy.__file__, "<frozen runpy>", "<frozen importlib._bootstrap>"}
    return [each for each in frames if each.filename not in ours]


def _frames(failure: Exception, lines: Lines) -> list[str]:
    shown = [f"{each.filename}:{each.lineno} {each.line or ''}".rstrip() for each in _own(failure)]
    return [lines.hidden(each) for each in shown[-MOST_FRAMES:]]


def _tell(outputs: object) -> None:
    if not isinstance(outputs, dict) or not all(isinstance(name, str) for name in outputs):
        raise End("outputs is no dict with names as keys; correct the script")
    try:
        json.dumps(outputs, allow_nan=False)
    except (TypeError, ValueError) as wrong:
        raise End(f"outputs has what JSON cannot have: {wrong}; correct the script") from None
    write_outputs(**outputs)
