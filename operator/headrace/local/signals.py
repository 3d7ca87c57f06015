"""
Signals of this process, while something goes on that they steer.

Knows the event loop. Does not know what the signals mean.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def handling(handlers: Mapping[int, Callable[[], object]]) -> Iterator[None]:
    """Call the handlers of signals, by their numbers, inside of the event loop."""
    loop = asyncio.get_running_loop()
    for number, handler in handlers.items():
        loop.add_signal_handler(number, handler)
    try:
        yield
    finally:
        for number in handlers:
            loop.remove_signal_handler(number)
