"""
The numbers that the archive shows to Prometheus.

No label holds the name of a run or workflow: their number has no limit.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client import PlatformCollector as Platform
from prometheus_client import ProcessCollector as Process


class Metrics:
    """All metrics of one archive."""

    def __init__(self) -> None:
        """Register all metrics in a registry of their own, so that tests can have many."""
        self.registry = CollectorRegistry()
        Process(registry=self.registry)
        Platform(registry=self.registry)
        self.written = Counter(
            "headrace_archive_runs_written_total",
            "Runs that the archive has written.",
            registry=self.registry,
        )
        self.dropped = Counter(
            "headrace_archive_runs_dropped_total",
            "Runs that were removed because of their age.",
            registry=self.registry,
        )
        self.failures = Counter(
            "headrace_archive_failures_total",
            "Turns that failed and are tried again, by what gave no answer: database, cluster.",
            ("of",),
            registry=self.registry,
        )
        self.requests = Counter(
            "headrace_archive_api_requests_total",
            "Requests to the API server.",
            ("verb", "resource", "code"),
            registry=self.registry,
        )
        self.waiting = Gauge(
            "headrace_archive_runs_waiting",
            "Ended runs that are not marked as archived yet.",
            registry=self.registry,
        )

    def request(self, verb: str, resource: str, code: int, _seconds: float) -> None:
        """Count a request to the API server."""
        self.requests.labels(verb, resource, str(code)).inc()
