"""The spec of a WorkflowRun, written and glanced at: `headrace.manifests.run_spec`."""

from datetime import timedelta, timezone
from typing import Any

import pytest

from headrace.api.reading.parse import parse_run
from headrace.api.v1alpha1.run import DesiredState, Interval, TriggerKind
from headrace.api.v1alpha1.webhook import Delivery
from headrace.engine.definition.work import ChildRun
from headrace.engine.workflow.observed import NewRun
from headrace.manifests.run_spec import (
    CANCEL,
    READ_OFTEN,
    called_run_spec,
    delivery_of,
    is_cancelling,
    is_delivered,
    logical_time_of,
    passed_of,
    passes,
    run_spec,
    workflow_of,
)
from support.builders import at, start

BERLIN = timezone(timedelta(hours=1))


def test_instants_are_written_as_kubernetes_keeps_them() -> None:
    """In UTC and whole seconds, whatever zone and precision they come with."""
    tick = at(0.7).astimezone(BERLIN)
    spec = run_spec(
        "etl", NewRun("etl-1", TriggerKind.SCHEDULE, tick, Interval(start=at(-60.5), end=tick))
    )
    assert {
        "workflow": "etl",
        "trigger": "Schedule",
        "logicalTime": "2030-01-01T12:00:00Z",
        "interval": {"start": "2030-01-01T11:58:59Z", "end": "2030-01-01T12:00:00Z"},
    } == spec


def test_what_is_read_at_a_glance_is_what_the_parser_reads() -> None:
    """Of a run as the API takes it."""
    passed = passes(DesiredState.PAUSE)
    spec = {**run_spec("etl", NewRun("etl-1", TriggerKind.SCHEDULE, at(0))), **CANCEL, **passed}
    parsed = parse_run({"spec": spec})
    assert ("etl", at(0)) == (workflow_of(spec), logical_time_of(spec, at(9)))
    assert (parsed.workflow, parsed.logical_time) == (workflow_of(spec), at(0))
    assert is_cancelling(spec)
    assert DesiredState.CANCEL is parsed.desired_state
    assert DesiredState.PAUSE is parsed.caller_state is passed_of(spec)
    assert set(READ_OFTEN) <= spec.keys()


@pytest.mark.parametrize("odd", [None, 7, [], {}, "", "tomorrow"])
def test_an_odd_value_harms_nobody(odd: Any) -> None:
    """Whoever looks at all runs of a workflow goes on."""
    spec = dict.fromkeys(READ_OFTEN, odd)
    assert workflow_of(spec) in (None, odd)
    assert at(9) == logical_time_of(spec, at(9))
    assert not is_cancelling(spec)
    assert DesiredState.RUN is passed_of(spec)


def test_the_delivery_of_a_run_is_found_again() -> None:
    """Whoever is told that the name of its run is taken looks whose run it is."""
    delivery = Delivery(id="d-1")
    spec = run_spec("etl", NewRun("etl-w1", TriggerKind.WEBHOOK, delivery=delivery))
    assert {"workflow": "etl", "trigger": "Webhook", "delivery": {"id": "d-1"}} == spec
    assert delivery == parse_run({"spec": spec}).delivery
    assert ("d-1", True) == (delivery_of(spec), is_delivered(spec))
    odd: tuple[Any, ...] = (None, 7, "d-1", [], {}, {"id": 7})
    assert [None] * 6 == [delivery_of({"delivery": each}) for each in odd]
    assert not is_delivered({"trigger": "Manual"})


def test_a_run_that_goes_on_or_pauses_is_not_being_cancelled() -> None:
    """Stop lets running tasks end."""
    for desired in DesiredState:
        want = desired in (DesiredState.CANCEL, DesiredState.TERMINATE)
        assert want == is_cancelling({"desiredState": desired.value})
        assert want == is_cancelling({"callerState": desired.value, "desiredState": "Run"})


def test_a_called_run_stands_for_the_instant_of_the_calling_one() -> None:
    """And for its interval; the values of parameters keep their types."""
    interval = Interval(start=at(-60), end=at(0))
    context = start(interval=interval).context
    work = ChildRun("inner", {"day": "monday", "n": 3, "full": True})
    spec = called_run_spec(work, context, 5)
    assert {
        "workflow": "inner",
        "params": [
            {"name": "day", "value": "monday"},
            {"name": "n", "value": 3},
            {"name": "full", "value": True},
        ],
        "trigger": "Call",
        "logicalTime": "2030-01-01T12:00:00Z",
        "interval": {"start": "2030-01-01T11:59:00Z", "end": "2030-01-01T12:00:00Z"},
        "priority": 5,
        "callerState": "Run",
    } == spec
    parse_run({"spec": spec})
