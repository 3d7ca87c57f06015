"""
Requests and limits of a container that can never run. Knows the units and names of Kubernetes.

The API server refuses some of them when the pod is created. It accepts others, and the pod never
starts.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from headrace.api.checks.similar import did_you_mean

KNOWN = ("cpu", "memory", "ephemeral-storage")
HUGE_PAGES = "hugepages-"
UNITS = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    **{unit: Decimal(1000) ** power for power, unit in enumerate("kMGTPE", 1)},
    **{f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTPE", 1)},
}
Found = tuple[str, str]
"""The path from the resources on, and the message."""


def amount(quantity: str) -> Decimal:
    """Return the number of a quantity such as `512Mi`."""
    digits = quantity.rstrip("mkMGTPEKi")
    return Decimal(digits) * UNITS[quantity[len(digits) :]]


def unrunnable(requests: Mapping[str, str], limits: Mapping[str, str]) -> Iterator[Found]:
    """Yield the reasons why a container with these requests and limits can never run."""
    for field, amounts in (("requests", requests), ("limits", limits)):
        for name, quantity in amounts.items():
            message = _unknown(name) or _too_small(name, quantity)
            if message:
                yield _place(field, name), message
    for name, quantity in requests.items():
        if name in limits and amount(quantity) > amount(limits[name]):
            yield (
                _place("requests", name),
                f"{quantity} is more than the limit {limits[name]}; request at most the limit",
            )


def _place(field: str, name: str) -> str:
    return f".{field}.{name}" if "/" not in name else f'.{field}["{name}"]'


def _unknown(name: str) -> str:
    if name in KNOWN or name.startswith(HUGE_PAGES) or "/" in name:
        return ""
    cure = did_you_mean(name, KNOWN, likeness=0.5) or f"there are: {', '.join(KNOWN)}"
    return f"there is no such resource; {cure} Others have a domain, like nvidia.com/gpu"


def _too_small(name: str, quantity: str) -> str:
    """Return the problem with thousandths of bytes."""
    if name == "cpu" or "/" in name or not quantity.endswith("m"):
        return ""
    return f"{quantity} are thousandths of a byte; write {quantity.removesuffix('m')}Mi"
