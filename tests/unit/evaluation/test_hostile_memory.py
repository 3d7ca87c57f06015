"""What hostile expressions cost the process that accepts definitions: the controller's own."""

import subprocess
import sys
from typing import Final

from support.hostile import REFUSED

MOST: Final = 64 * 1024
"""KiB, for all of them together."""

PROGRAM: Final = """
import resource

from headrace.engine.definition.expressions.check import check
from headrace.engine.definition.expressions.types import Declared, Expression, ScopeTypes
from support.hostile import ENDED, REFUSED, SCOPE

TYPES = ScopeTypes(params=dict.fromkeys(SCOPE.params, Declared.JSON))


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


check(Expression("math.abs(params.a) == size('a')"), TYPES)
before = peak()
refused = [check(Expression(source), TYPES) is not None for source in REFUSED.values()]
for source in ENDED.values():
    check(Expression(source), TYPES)
print(sum(refused), peak() - before)
"""


def test_refusals_take_a_bounded_amount_of_memory() -> None:
    """Measured in a process of its own, which has loaded the library before."""
    told = subprocess.run(  # noqa: S603 - a program of this file
        [sys.executable, "-c", PROGRAM],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    refused, kibibytes = map(int, told.stdout.split())
    assert len(REFUSED) == refused
    assert kibibytes < MOST
