"""
The failures, by who can cure them.

Knows only the two kinds of failure. Does not know what raises them.
"""


class ClusterError(RuntimeError):
    """A step failed; the message says which, and where to look."""


class ClusterUnavailableError(ClusterError):
    """No cluster can run on this machine; the message is one sentence that says what is missing."""
