"""
The numbers that the receiver shows to Prometheus.

No label holds what a sender wrote, nor the name of a workflow: their number has no limit.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client import PlatformCollector as Platform
from prometheus_client import ProcessCollector as Process

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """All metrics of one receiver."""

    def __init__(self) -> None:
        """Register all metrics in a registry of their own, so that tests can have many."""
        self.registry = CollectorRegistry()
        Process(registry=self.registry)
        Platform(registry=self.registry)
        self.deliveries = Counter(
            "headrace_receiver_deliveries_total",
            "Deliveries, by the reason of their answer: Started, Repeated, NotWanted, Refused …",
            ("reason",),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "headrace_receiver_delivery_duration_seconds",
            "Time from the head of a delivery to its answer.",
            registry=self.registry,
            buckets=SECONDS,
        )
        self.requests = Counter(
            "headrace_receiver_api_requests_total",
            "Requests to the API server.",
            ("verb", "resource", "code"),
            registry=self.registry,
        )
        self.workflows = Gauge(
            "headrace_receiver_workflows",
            "Workflows that the receiver knows, with and without webhooks.",
            registry=self.registry,
        )

    def delivery(self, reason: str, seconds: float) -> None:
        """Count a delivery."""
        self.deliveries.labels(reason).inc()
        self.seconds.observe(seconds)

    def request(self, verb: str, resource: str, code: int, _seconds: float) -> None:
        """Count a request to the API server."""
        self.requests.labels(verb, resource, str(code)).inc()
