"""
`$(NAME)` in `command` and `args`: replaced where NAME is a variable of the task's own `env`.

Knows the rule, and the way in which a kubelet expands texts. Knows no values of a cluster.
"""

import re
from collections.abc import Container, Mapping
from typing import Final

_REFERENCE: Final = re.compile(r"\$\(([-._a-zA-Z0-9]+)\)")
_DOUBLED: Final = re.compile(r"\$\$\(([-._a-zA-Z0-9]+)\)")


def names_in(text: str) -> frozenset[str]:
    """Return each NAME that stands as `$(NAME)` in a text, whether or not there is a variable."""
    return frozenset(match[1] for match in _REFERENCE.finditer(text))


def filled_in(text: str, values: Mapping[str, str]) -> str:
    """
    Return a text with its references replaced by values.

    All else stays as written, `$$` too, and the values are not read again.

    Args:
        text: An element of `command` or `args`.
        values: The values of the task's own variables, by name.

    """
    return _REFERENCE.sub(lambda match: values.get(match[1], match[0]), text)


def for_kubelet(text: str, names: Container[str]) -> str:
    """
    Return a text that a kubelet turns into what `filled_in` returns.

    The kubelet does it because it alone knows the values of Secrets, ConfigMaps and fields of the
    pod. It also knows more variables than the task's own; these are not replaced.

    Args:
        text: An element of `command` or `args`.
        names: The names of the task's own variables.

    """
    return _DOUBLED.sub(
        lambda match: match[0].removeprefix("$") if match[1] in names else match[0], literal(text)
    )


def literal(text: str) -> str:
    """
    Return a text so that it arrives in the container byte for byte.

    Kubernetes replaces `$(NAME)` in commands and variables, reads `$$` as `$`, and garbles what
    is not ASCII after a single `$`; a doubled `$` is always one (`third_party/forked/golang/
    expansion` in kubernetes/kubernetes).
    """
    return text.replace("$", "$$")
