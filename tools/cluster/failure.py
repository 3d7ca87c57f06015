"""
What can go wrong, told apart by who can cure it.

Knows only the two kinds of failure. Does not know what raises them.
"""


class ClusterError(RuntimeError):
    """Something that should have worked did not; the message says what and where to look."""


class ClusterUnavailableError(ClusterError):
    """No cluster can run on this machine; the message is one sentence that says what is missing."""
