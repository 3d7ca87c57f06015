"""
Patterns of paths: `*` and `?` within a name, `**/` over folders, `[abc]` one of some characters.

Pure, and linear in the length of the path but for the number of stars, which is bounded.
"""

import re
from collections.abc import Callable

from task_contract import WrongInput

MOST_STARS = 8


def matcher(pattern: str) -> Callable[[str], bool]:
    """
    Return what says whether a path below a folder fits.

    Raises:
        WrongInput: It has more than eight stars, which could take for ever.

    """
    stars = len(re.findall(r"\*+", pattern))
    if stars > MOST_STARS:
        raise WrongInput(f"pattern has {stars} stars; at most {MOST_STARS} can be matched")
    expression = re.compile(_expression(pattern), re.DOTALL)
    return lambda path: expression.fullmatch(path) is not None


def _expression(pattern: str) -> str:
    written, at = "", 0
    while at < len(pattern):
        rest = pattern[at:]
        if rest.startswith("**/"):
            written, at = f"{written}(?:[^/]+/)*", at + 3
        elif rest.startswith("**"):
            written, at = f"{written}.*", at + 2
        elif rest[0] in "*?":
            written, at = written + ("[^/]*" if rest[0] == "*" else "[^/]"), at + 1
        elif found := re.match(r"\[(!?)([^\]/]+)\]", rest):
            without, characters = found.groups()
            inner = re.sub(r"([\\^\[\]&~|])", r"\\\1", characters)
            written, at = f"{written}(?!/)[{'^' if without else ''}{inner}]", at + found.end()
        else:
            written, at = written + re.escape(rest[0]), at + 1
    return written
