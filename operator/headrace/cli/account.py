"""The account of whoever runs a command. A light module."""

import getpass


def user() -> str:
    """Return the name of whoever runs this, if the machine knows it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
