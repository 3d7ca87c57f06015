"""Texts that a kubelet, a shell or an engine could take for more than text."""

from random import Random
from typing import Final

OWN: Final = ("X", "a.b-c", "SECRET", "HOME")
"""Variables that a task of these tests has."""

_PIECES: Final = (
    *(f"$({name})" for name in OWN),
    *("$(Y)", "$(date)", "$(HEADRACE_RUN)", "$(HEADRACE_PARAMS)", "$(PATH)", "$()", "$( X)"),
    *("$", "$$", "$$$", "(", ")", "$(", "$$(", "{", "}", "${X}", "$X", "$1", "$@", "${{", "}}"),
    *("'", '"', "\\", "`id`", ";", "&", "|", ">", "*", "~", "!", "#", "%s", "\\n", "-", "--", "="),
    *("\n", "\t", "\r", "\x01", "\x1b[31m", "\x7f", " ", "  "),
    *("é", "e\u0301", "\u2028", "\u202e", "\ufeff", "\uffff", "\U0001f600", "\u00a0"),
    *("a", "0", "X", "null", "[", "]", "true", "{{ x }}", "<!--", "../", "/etc/passwd"),
)


def hostile_texts(count: int, seed: int = 0, *, expressions: bool = True) -> list[str]:
    """
    Return texts, the same ones each time.

    Args:
        count: How many.
        seed: Another one gives others.
        expressions: False leaves out the beginning of an expression, for where one may stand.

    """
    random = Random(seed)  # noqa: S311 - no secret depends on it
    texts: list[str] = []
    while len(texts) < count:
        text = "".join(random.choices(_PIECES, k=random.randint(0, 9)))
        if expressions or "${{" not in text:
            texts.append(text)
    return texts
