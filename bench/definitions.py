"""
What large definitions cost a controller: time to compile one, and memory while it is kept.

    python bench/definitions.py

Of each shape three are compiled; the memory is what the last two add, per byte of JSON.
"""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

from msgspec import json

sys.path.insert(0, str(Path(__file__).parents[1] / "operator"))

from headrace.cluster.compiler import Compiler, size

PAGE = os.sysconf("SC_PAGE_SIZE")


def resident() -> int:
    """Return how many bytes of memory this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def wide(number: int) -> dict[str, Any]:
    """Return 4,500 tasks with arguments and variables: 1 MB."""
    env = [{"name": f"E{n}"} for n in range(8)]
    tasks = [{"name": f"t{n}", "command": ["a"] * 20, "env": env} for n in range(4500)]
    return {"description": str(number), "defaults": {"image": "busybox"}, "tasks": tasks}


def dense(number: int) -> dict[str, Any]:
    """Return 1,200 tasks that wait for 190 others each: 1.4 MB."""
    tasks = [
        {"name": f"t{n}", "command": ["a"], "dependsOn": [f"t{m}" for m in range(n)][-190:]}
        for n in range(1200)
    ]
    return {"description": str(number), "defaults": {"image": "busybox"}, "tasks": tasks}


async def measure(shape: Callable[[int], dict[str, Any]]) -> None:
    """Compile three of a shape and print what that takes."""
    compiler, kept = Compiler(), []
    before, seconds, read = resident(), 0.0, 0
    for number in range(3):
        spec = json.encode(shape(number))
        if number == 1:
            before, seconds, read = resident(), 0.0, 0
        read += size(spec)
        start = process_time()
        kept.append(await compiler.compile(spec))
        seconds += process_time() - start
        del spec
    times = (resident() - before) / read
    print(
        f"{len(kept[0].tasks)} tasks, {read / 2e6:.1f} MB of JSON: "
        f"{seconds / 2:.2f} s of CPU, {times:.0f} bytes of memory for each byte",
        flush=True,
    )


if __name__ == "__main__":
    for each in (wide, dense):
        asyncio.run(measure(each))
