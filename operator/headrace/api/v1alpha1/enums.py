"""The base of enumerations. Loads nothing, so that commands which need only words start quickly."""

from enum import StrEnum


class ApiEnum(StrEnum):
    """Base of every enumeration: CamelCase values, as Kubernetes writes them."""
