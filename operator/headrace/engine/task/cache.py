"""
The cache of a task: what makes two tasks the same, and which earlier result counts.

Knows programs, keys and ages. Does not know where results are kept.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from headrace.api.v1alpha1.cache import TaskCache
from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.definition.expressions.results import as_text
from headrace.engine.definition.ways import CACHE_KEY
from headrace.engine.outcome import Outcome
from headrace.engine.task.cached import CachedResult, CacheEntry, CacheQuestion
from headrace.engine.task.digest import LENGTH
from headrace.engine.task.earlier_work import log_of
from headrace.engine.task.observed import Evaluated, TaskLog
from headrace.engine.task.values import env_of, failure_of, fields_of
from headrace.engine.text import rfc3339

PROGRAM: Final = frozenset(
    {"image", "command", "args", "env", "env_from", "working_dir", "service_account_name"}
    | {"volumes", "volume_mounts"}
)
"""The fields that say what a program does, and on what. The others say where it runs, how often it
is tried, and with how much of a machine."""

LOOKED_AT: Final = 20
"""How many results of one entry a world shows at most, the newest ones."""


def entry_of(question: CacheQuestion, known: Evaluated) -> CacheEntry | None:
    """Return where the results of a task are found; None: an expression of it has no value."""
    key = fields_of(known).get(CACHE_KEY)
    if key is None or failure_of(known) is not None:
        return None
    facts = {
        "workflow": question.workflow,
        "task": question.task,
        "key": as_text(key),
        "program": _program(question, env_of(known)),
        "outputs": [[output.name, output.type.value] for output in question.outputs],
    }
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return CacheEntry(as_text(key), sha256(text.encode()).hexdigest()[:LENGTH])


def _program(question: CacheQuestion, env: dict[str, str]) -> dict[str, Any]:
    """Return a program as JSON, its variables with their values."""
    written = question.body.model_dump(mode="json", include=set(PROGRAM), exclude_defaults=True)
    for variable in written.get("env", ()):
        if variable["name"] in env:
            variable["value"] = env[variable["name"]]
    return written


def result_of(run: str, log: TaskLog) -> CachedResult | None:
    """Return the result of a run's task; None: it did not succeed."""
    done = done_at(log)
    if log.outcome is not Outcome.SUCCEEDED or done is None:
        return None
    return CachedResult(log.taken_over_from or run, done, log.outputs)


def done_at(log: TaskLog) -> datetime | None:
    """Return when the work of a task was really done, by whichever run."""
    own = log.last.finished if log.last is not None else None
    return log.done or own or log.finished


def freshest(
    results: Sequence[CachedResult], cache: TaskCache, now: datetime
) -> CachedResult | None:
    """Return the youngest result that is young enough; None: there is none."""
    return max(_that_count(results, cache, now), key=lambda result: result.done, default=None)


def _that_count(
    results: Sequence[CachedResult], cache: TaskCache, now: datetime
) -> Iterator[CachedResult]:
    most = cache.max_age_seconds
    for result in results:
        if most is None or now - result.done <= timedelta(seconds=most):
            yield result


def reused(result: CachedResult, now: datetime) -> TaskLog:
    """Return the log of a task that has an earlier result."""
    message = f"run {result.run} did the work at {rfc3339(result.done)}"
    return log_of(result.run, (Reason.FROM_CACHE, message), result.outputs, result.done, now)
