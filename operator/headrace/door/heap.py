"""
The memory of a process that lives for months.

Knows the garbage collector. Knows nothing of the process.
"""

import gc


def leave_alone() -> None:
    """
    Let no collection look at what there is now: modules and types, which stay until the end.

    They are some 100,000 objects, and to look at them takes as long as 40 tasks. Without them, a
    collection takes as long as what came since.
    """
    gc.collect()
    gc.freeze()
