"""
Runs a template's program in forks of a process that has imported its packages.

Started by `forking` with the interpreter of an image: `python forked_program.py PROGRAM`. Needs the
standard library alone. Takes a line of JSON for each fork, and answers with its process id and with
how it ended.
"""

import atexit
import gc
import importlib
import itertools
import json
import os
import re
import resource
import runpy
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

NOTED = re.compile(
    r"subprocess\.Popen|os\.(system|exec|posix_spawn|spawn|fork|forkpty|rename|link|symlink|remove)"
    r"|pty\.spawn|socket\.(connect|sendto|getaddrinfo|gethostbyname|bind)|ctypes\.dlopen|open"
)
WRITES = os.O_WRONLY | os.O_RDWR
STDOUT, STDERR = 1, 2


def main(program: str) -> None:
    """Answer requests until there are no more."""
    answers = os.fdopen(os.dup(STDOUT), "w", buffering=1)
    sys.argv = [program]
    sys.path[0] = str(Path(program).parent)
    importlib.import_module(Path(program).stem)
    gc.freeze()  # Else a collection in a child would copy all that was imported.
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            end(live(program, request))
        answers.write(f"{json.dumps({'pid': child})}\n")
        _, status = os.waitpid(child, 0)
        answers.write(f"{json.dumps({'code': os.waitstatus_to_exitcode(status)})}\n")


def end(code: int) -> NoReturn:
    """End as the interpreter does, without taking apart what was imported: that takes longest."""
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001 - as the interpreter does
    atexit._run_exitfuncs()  # noqa: SLF001
    os._exit(code)


def live(program: str, request: dict[str, Any]) -> int:
    """Be the program, once for each of the wanted runs; return the last exit code."""
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    if request.get("file_bytes"):
        most = request["file_bytes"]
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    if request["deeds"]:
        note_deeds(request["deeds"])
    code = 0
    for each in request["runs"]:
        os.environ.clear()
        os.environ.update(each["variables"])
        os.chdir(each["folder"])
        for number, path in ((STDOUT, each["stdout"]), (STDERR, each["stderr"])):
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(file, number)
            os.close(file)
        if request["calls"]:
            count_calls(re.compile(request["calls"]), request["at"], request["counted"])
        code = once(program)
        sys.setprofile(None)
        threading.setprofile(None)
        if each["code"]:
            Path(each["code"]).write_text(str(code))
    return code


def once(program: str) -> int:
    """Run the program; return its exit code."""
    try:
        runpy.run_path(program, run_name="__main__")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - as the interpreter does at the end
        sys.excepthook(*sys.exc_info())
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def count_calls(wanted: re.Pattern[str], at: int, counted: str) -> None:
    """Count the beginnings and ends of calls; die at one of them, or note how many there were."""
    numbers = itertools.count(1)
    known: dict[Any, bool] = {}
    number = os.open(counted, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)

    def look(frame: Any, event: str, what: Any) -> None:
        built_in = event.startswith("c_")
        key = (type(what.__self__), what.__name__) if built_in else frame.f_code
        if built_in and isinstance(what.__self__, type(os)):
            key = (what.__self__.__name__, what.__name__)
        if key not in known:
            known[key] = wanted.search(name_of(frame, built_in, what)) is not None
        if known[key]:
            now = next(numbers)
            os.pwrite(number, str(now).encode(), 0)
            if now == at:
                os.kill(os.getpid(), signal.SIGKILL)

    threading.setprofile(look)
    sys.setprofile(look)


def name_of(frame: Any, built_in: bool, what: Any) -> str:  # noqa: FBT001 - of one call
    """Return the name of what is called: `module.function` or `module.Class.method`."""
    if not built_in:
        return f"{frame.f_globals.get('__name__')}.{frame.f_code.co_qualname}"
    owner = what.__self__
    if isinstance(owner, type(os)):
        return f"{owner.__name__}.{what.__name__}".replace("posix.", "os.")
    kind = owner if isinstance(owner, type) else type(owner)
    return f"{kind.__module__}.{kind.__qualname__}.{what.__name__}"


def note_deeds(path: str) -> None:
    """Write down each process that is started, each address, each file that is written."""
    notes = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    busy = threading.local()

    def hook(event: str, given: tuple[Any, ...]) -> None:
        if NOTED.fullmatch(event) is None or getattr(busy, "now", False):
            return
        if event == "open" and not (isinstance(given[2], int) and given[2] & WRITES):
            return
        busy.now = True
        try:
            shown: Callable[[Any], str] = lambda each: (  # noqa: E731
                each
                if isinstance(each, str)
                else os.fsdecode(each)
                if isinstance(each, bytes)
                else repr(each)
            )
            line = json.dumps([event, *map(shown, given)])
            os.write(notes, f"{line}\n".encode(errors="backslashreplace"))
        finally:
            busy.now = False

    sys.addaudithook(hook)


if __name__ == "__main__":
    main(sys.argv[1])
