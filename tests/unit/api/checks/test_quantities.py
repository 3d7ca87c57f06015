"""Requests and limits that can never run: `headrace.api.checks.quantities`."""

import pytest

from headrace.api.checks.quantities import unrunnable

GOOD = [
    ({"cpu": "500m", "memory": "512Mi"}, {"memory": "1Gi"}),
    ({"memory": "1024Mi"}, {"memory": "1Gi"}),
    ({}, {"nvidia.com/gpu": "1", "hugepages-2Mi": "4Mi", "ephemeral-storage": "1G"}),
]


@pytest.mark.parametrize(("requests", "limits"), GOOD)
def test_what_can_run_is_not_refused(requests: dict[str, str], limits: dict[str, str]) -> None:
    """A request may be as large as its limit."""
    assert [] == list(unrunnable(requests, limits))


BAD = [
    ({"memory": "2Gi"}, {"memory": "2G"}, ".requests.memory", "2Gi is more than the limit 2G"),
    ({"cpu": "1001m"}, {"cpu": "1"}, ".requests.cpu", "request at most the limit"),
    ({"mem": "1Gi"}, {}, ".requests.mem", "did you mean 'memory'?"),
    ({}, {"gpu": "1"}, ".limits.gpu", "have a domain, like nvidia.com/gpu"),
    ({}, {"ephemeral-storage": "5m"}, ".limits.ephemeral-storage", "write 5Mi"),
]


@pytest.mark.parametrize(("requests", "limits", "where", "says"), BAD)
def test_what_can_never_run_is_told(
    requests: dict[str, str], limits: dict[str, str], where: str, says: str
) -> None:
    """Kubernetes would refuse the pod, or never start its container."""
    place, message = next(unrunnable(requests, limits))
    assert (where, True) == (place, says in message), message
