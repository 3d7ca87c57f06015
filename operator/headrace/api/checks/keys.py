"""
Names of labels and annotations: the keys of an object, which no schema can check.

Knows the rule of Kubernetes
(https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set).
"""

import re
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

KEY = re.compile(
    r"(?:(?=[^/]{1,253}/)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*/)?"
    r"(?=[^/]{1,63}$)[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?"
)
LONGEST = 80
"""How many characters of a wrong name are shown."""

RULE = (
    "use up to 63 letters, digits, '-', '_' and '.', beginning and ending with a letter or digit;"
    " a domain and '/' may stand before them, like example.com/team"
)


@dataclass(frozen=True, slots=True)
class Keys:
    """Marks an object whose keys are names of labels or annotations."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Check the keys after the values."""
        return core_schema.no_info_after_validator_function(_checked, handler(source))


def _checked(labels: dict[str, Any]) -> dict[str, Any]:
    for key in labels:
        if KEY.fullmatch(key) is None:
            shown = key if len(key) <= LONGEST else f"{key[:LONGEST]}…"
            raise PydanticCustomError(
                "key", "the name {key} is not allowed; {rule}", {"key": repr(shown), "rule": RULE}
            )
    return labels
