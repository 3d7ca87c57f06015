"""
The controller with a clock that was set: `python -m cluster.controller_at`, flags as always.

HEADRACE_TEST_TIME says what the clock shows at the start; from then on it goes at its usual pace.
Everything else is as it is in the product.
"""

import os
import sys
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final

from headrace.controller import runtime, term
from headrace.controller.__main__ import main

TIME: Final = "HEADRACE_TEST_TIME"


def _run() -> int:
    first, began = datetime.fromisoformat(os.environ[TIME]), monotonic()

    def now() -> datetime:
        return (first + timedelta(seconds=monotonic() - began)).astimezone(UTC)

    runtime.now = term.now = now
    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(_run())
