"""
Instants that somebody wrote into a spec, read for those who cannot refuse them.

Knows the one format of the API. That it is kept is the parser's to say, of the object itself.
"""

from datetime import datetime

from headrace.api.v1alpha1.base import read_time


def given_time(text: object, *, otherwise: datetime) -> datetime:
    """
    Return an instant that is in a spec, or another one if there is none that can be read.

    Never raises: of an odd time in one run, no other run of its workflow may suffer.
    """
    try:
        return read_time(text) if isinstance(text, str) else otherwise
    except ValueError:
        return otherwise
