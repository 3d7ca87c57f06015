"""
The numbers that the controller shows to Prometheus.

No label holds a name of a run, a task or a workflow: their number has no limit.
"""

import time
from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)

from headrace.cluster.caches import Key
from headrace.cluster.hooks import CacheUse
from headrace.engine.run.observed import RunKey

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """All metrics of one controller."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Register all metrics in a registry of their own, so that tests can have many."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._now = monotonic
        self._ended: dict[Key, float] = {}
        self.turns = Histogram(
            "headrace_reconcile_duration_seconds",
            "Time of one turn of a run or workflow.",
            registry=self.registry,
            buckets=SECONDS,
        )
        self.waits = Histogram(
            "headrace_queue_wait_seconds",
            "Time from asking for a turn to its beginning.",
            registry=self.registry,
            buckets=SECONDS,
        )
        self.hops = Histogram(
            "headrace_hop_duration_seconds",
            "Time from seeing a container's end to the creation of the next Job of its run.",
            registry=self.registry,
            buckets=SECONDS,
        )
        self.requests = Counter(
            "headrace_api_requests_total",
            "Requests to the API server.",
            ("verb", "resource", "code"),
            registry=self.registry,
        )
        self.stale = Counter(
            "headrace_stale_turns_total",
            "Turns that stopped because an object had changed meanwhile.",
            registry=self.registry,
        )
        self.unarchived = Counter(
            "headrace_runs_deleted_unarchived_total",
            "Runs that history deleted at archive.hardLimitSeconds, and that nobody archived.",
            registry=self.registry,
        )
        self.caches = Counter(
            "headrace_cached_tasks_total",
            "Tasks with a cache that could start: reused had an earlier result, ran had none.",
            ("result",),
            registry=self.registry,
        )
        self._states()

    def _states(self) -> None:
        """Register metrics that are read only when somebody asks for them."""
        self.repairs = Gauge(
            "headrace_cache_repairs",
            "Differences between a list and the watch before it; 0 if all is well.",
            registry=self.registry,
        )
        self.silences = Gauge(
            "headrace_watch_silences",
            "Watches that were silent for 70 s and were started again; 0 if all is well.",
            registry=self.registry,
        )
        self.silence = Gauge(
            "headrace_watch_silence_seconds",
            "Time since the last event of the quietest watch; a working watch has one each minute.",
            registry=self.registry,
        )
        self.leading = Gauge(
            "headrace_leading", "1 while this controller leads, else 0.", registry=self.registry
        )
        self.depth = Gauge(
            "headrace_queue_depth",
            "Runs and workflows that wait for a turn.",
            registry=self.registry,
        )

    def request(self, verb: str, resource: str, code: int, _seconds: float) -> None:
        """Count a request to the API server."""
        self.requests.labels(verb, resource, str(code)).inc()

    def turn(self, waited: float, worked: float) -> None:
        """Count a turn."""
        self.waits.observe(waited)
        self.turns.observe(worked)

    def container_ended(self, key: RunKey) -> None:
        """Note that a container of this run was seen to end."""
        self._ended.setdefault(key, self._now())

    def job_created(self, key: RunKey) -> None:
        """Note that a Job of this run was created: the first one after an end closes a hop."""
        ended = self._ended.pop(key, None)
        if ended is not None:
            self.hops.observe(self._now() - ended)

    def cache_asked(self, use: CacheUse) -> None:
        """Count a task with a cache."""
        self.caches.labels(use.value).inc()

    def turn_over(self, key: Key) -> None:
        """Forget an end without a following Job."""
        self._ended.pop(key, None)
