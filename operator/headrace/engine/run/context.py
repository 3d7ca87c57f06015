"""
The facts about a run that each of its programs receives.

Knows the run and its parameters. Knows no attempt.
"""

from headrace.engine.definition.compile import Definition
from headrace.engine.definition.params import values
from headrace.engine.run.caching import cache_mode
from headrace.engine.run.claims import priority_of
from headrace.engine.run.observed import ObservedRun
from headrace.engine.task.actions import RunContext
from headrace.engine.text import rfc3339


def context_of(run: ObservedRun, definition: Definition) -> RunContext:
    """Return the facts about a run for its programs."""
    return RunContext(
        namespace=run.key.namespace,
        run=run.key.name,
        run_uid=run.uid,
        workflow=run.workflow,
        logical_time=rfc3339(run.logical_time or run.created),
        interval=run.interval,
        params=values(definition.params, run.given),
        priority=priority_of(run, definition),
        queue=definition.queue,
        cache=cache_mode(run),
    )
