"""
The controller, with a sample of its stack taken for each few milliseconds of CPU time.

    HEADRACE_SAMPLES=FILE python -m bench.sampled [arguments of headrace.controller]

SIGUSR1 writes the samples since the last one into FILE: a count and a stack a line, the innermost
frame first. The event loop's thread is seen; other threads do next to nothing.
"""

import os
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

from headrace.controller.__main__ import main

INTERVAL_SECONDS = 0.001
"""What is asked for. The kernel rounds it up to its own tick, most often 4 ms."""
_samples: Counter[str] = Counter()


def _sample(_number: int, frame: FrameType | None) -> None:
    names = []
    while frame is not None:
        names.append(f"{frame.f_globals.get('__name__', '?')}.{frame.f_code.co_name}")
        frame = frame.f_back
    _samples[";".join(names)] += 1


def _write(_number: int, _frame: FrameType | None) -> None:
    lines = (f"{count} {stack}\n" for stack, count in _samples.items())
    Path(os.environ["HEADRACE_SAMPLES"]).write_text("".join(lines))
    _samples.clear()


if __name__ == "__main__":
    signal.signal(signal.SIGPROF, _sample)
    signal.signal(signal.SIGUSR1, _write)
    signal.setitimer(signal.ITIMER_PROF, INTERVAL_SECONDS, INTERVAL_SECONDS)
    sys.exit(main(sys.argv[1:]))
