"""
The two CEL libraries side by side: what they know, what it takes, what has no bound.

    python -m pip install cel-bind==0.8.4 && python bench/cel_libraries.py

Each case runs in a process of its own, with 10 s of processor time and 2 GiB of memory. A library
that is not installed is left out.
"""

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from time import perf_counter
from typing import Any

SECONDS, BYTES = 10, 2 * 2**30
NAMES = {"n": 1, "s": "a" * 1000, "l": list(range(3000))}

CASES = {
    "compare": "n > 0 && s != ''",
    "mapping": "{'a': [1, 'x']}",
    "timestamp": "timestamp('2030-01-01T00:00:00Z') + duration('1h')",
    "hour in a zone": "timestamp('2030-07-01T00:00:00Z').getHours('Europe/Berlin')",
    "types differ": "n + 'a'",
    "no such name": "m > 0",
    "math": "math.greatest(n, 2)",
    "sets": "sets.contains([1], [n])",
    "lists": "[[n]].flatten()",
    "all, nested": "l.all(a, l.all(b, true))",
    "map, 3,000": "l.map(a, a).size()",
    "replace": "s.replace('', s).replace('', s).size()",
    "bind": "cel.bind(a, s, cel.bind(b, a + a + a + a, b + b + b + b)).size()",
    "backtrack": "s.matches('(a+)+b')",
    "nested 60": "(" * 60 + "1" + ")" * 60,
    "sum of 60": "+".join(["n"] * 60),
}


def cel_expr(source: str) -> tuple[Callable[[], Any], float]:
    """Compile with cel-expr-python, with its own extensions; return the evaluation and seconds."""
    cel = import_module("cel_expr_python.cel")
    extensions = [
        getattr(import_module(f"cel_expr_python.ext.ext_{name.lower()}"), f"Ext{name}")()
        for name in ("Strings", "Math", "Bindings")
    ]
    types = {"n": cel.Type.INT, "s": cel.Type.STRING, "l": cel.Type.List(cel.Type.INT)}
    env = cel.NewEnv(variables=types, extensions=extensions)
    env.compile("1")
    begin = perf_counter()
    compiled = env.compile(source)
    seconds = perf_counter() - begin

    def evaluate() -> Any:
        result = compiled.eval(data=NAMES)
        if str(result.type()) == "ERROR":
            raise RuntimeError(result.plain_value())
        return result.plain_value()

    return evaluate, seconds


def cel_bind(source: str) -> tuple[Callable[[], Any], float]:
    """Compile with cel-bind; return the evaluation and seconds."""
    cel = import_module("cel")
    pool = cel.DescriptorPool()
    types = {"n": cel.IntType(), "s": cel.StringType(), "l": cel.ListType(cel.IntType())}
    compiler, interpreter = cel.Compiler(pool, types, None), cel.Interpreter(pool, types, None)
    compiler.compile_to_checked_expr("1")
    begin = perf_counter()
    plan = interpreter.build_expression_plan(compiler.compile_to_checked_expr(source))
    seconds = perf_counter() - begin
    return lambda: interpreter.evaluate(plan, NAMES), seconds


LIBRARIES = {"cel_expr_python": cel_expr, "cel": cel_bind}


def case(library: str, source: str) -> str:
    """Evaluate one expression twice, and say what the second time took."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    try:
        evaluate, compiling = LIBRARIES[library](source)
        evaluate()
        begin = perf_counter()
        value = evaluate()
        seconds = perf_counter() - begin
    except (RuntimeError, ValueError, MemoryError) as error:
        return f"refused: {str(error).splitlines()[0][-60:] if str(error) else 'no memory'}"
    times = f"compile {compiling * 1e6:5.0f} us, evaluate {seconds * 1e6:9.0f} us"
    return f"{times}: {json.dumps(value, default=str)[:30]}"


def main() -> None:
    """Print a line for each library and case."""
    for library in LIBRARIES:
        if find_spec(library) is None:
            print(f"{library} is not installed")
            continue
        for name, source in CASES.items():
            command = [sys.executable, __file__, library, source]
            done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - this file
            said = done.stdout.strip() or f"ended by signal {-done.returncode}"
            print(f"{library:15} {name:15} {said}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(case(*sys.argv[1:]))
    else:
        main()
