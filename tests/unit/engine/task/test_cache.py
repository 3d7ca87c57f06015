"""What makes two tasks the same: `headrace.engine.task.cache`."""

from dataclasses import replace
from typing import Any

import pytest

from headrace.api.v1alpha1.pod import EnvVar, Resources
from headrace.api.v1alpha1.task import Output, OutputType, TaskBody, TaskTimeouts
from headrace.api.v1alpha1.volume import Volume
from headrace.engine.definition.expressions.types import Failure
from headrace.engine.definition.ways import CACHE_KEY
from headrace.engine.outcome import Outcome
from headrace.engine.task.cache import PROGRAM, done_at, entry_of, result_of
from headrace.engine.task.cached import CachedResult, CacheEntry, CacheQuestion
from headrace.engine.task.observed import Evaluated
from support.builders import SECRET, at, ended, failed, log, retries

GIVEN = EnvVar(name="DAY", value="${{ params.day }}")
KEPT = EnvVar(name="TOKEN", value_from={"secretKeyRef": {"name": "warehouse", "key": "token"}})
BODY = TaskBody(image="busybox:1.37", command=("sh",), args=("-c", "true"), env=(GIVEN, KEPT))
ROWS = Output(name="rows", type=OutputType.INTEGER, description="How many.")
QUESTION = CacheQuestion("default", "etl", "train", BODY, (ROWS,))
KNOWN = Evaluated(env={"DAY": "monday"}, fields={CACHE_KEY: "k"})
FAILED = Failure("params.x", 1, "there is none")


def entry(question: CacheQuestion = QUESTION, known: Evaluated = KNOWN) -> CacheEntry:
    """Return the entry of a task."""
    found = entry_of(question, known)
    assert found is not None
    return found


def body(**changes: Any) -> CacheQuestion:
    """Return the question of a task with another program."""
    return replace(QUESTION, body=BODY.model_copy(update=changes))


@pytest.mark.parametrize(
    ("question", "known"),
    [
        pytest.param(QUESTION, replace(KNOWN, fields={CACHE_KEY: "l"}), id="another key"),
        pytest.param(QUESTION, replace(KNOWN, env={"DAY": "friday"}), id="another value"),
        pytest.param(replace(QUESTION, workflow="other"), KNOWN, id="another workflow"),
        pytest.param(replace(QUESTION, task="other"), KNOWN, id="another task"),
        pytest.param(body(image="busybox:1.36"), KNOWN, id="another image"),
        pytest.param(body(command=("bash",)), KNOWN, id="another command"),
        pytest.param(body(command=("sh", "-c"), args=("true",)), KNOWN, id="cut in other places"),
        pytest.param(body(args=("-c", "false")), KNOWN, id="other arguments"),
        pytest.param(body(env=(KEPT, GIVEN)), KNOWN, id="variables in another order"),
        pytest.param(body(env_from=({"secretRef": {"name": "more"}},)), KNOWN, id="more variables"),
        pytest.param(body(working_dir="/work"), KNOWN, id="another folder"),
        pytest.param(
            body(volumes=(Volume(name="a", config_map={"name": "a"}),)), KNOWN, id="a volume"
        ),
        pytest.param(body(service_account_name="other"), KNOWN, id="another identity"),
        pytest.param(
            replace(QUESTION, outputs=(Output(name="rows"),)), KNOWN, id="another type of output"
        ),
        pytest.param(replace(QUESTION, outputs=()), KNOWN, id="no outputs declared"),
    ],
)
def test_what_a_result_depends_on_makes_another_entry(
    question: CacheQuestion, known: Evaluated
) -> None:
    """A miss costs time. A wrong hit costs trust."""
    assert entry().hash != entry(question, known).hash


@pytest.mark.parametrize(
    "question",
    [
        pytest.param(body(resources=Resources(limits={"memory": "9Gi"})), id="more memory"),
        pytest.param(body(retry=retries(3)), id="other retries"),
        pytest.param(body(timeouts=TaskTimeouts(total_seconds=9)), id="another limit"),
        pytest.param(body(node_selector={"disk": "ssd"}), id="another node"),
        pytest.param(body(pool="db", pool_slots=2, priority=9), id="another place in the queue"),
        pytest.param(body(pod_labels={"team": "a"}), id="another label"),
        pytest.param(
            replace(QUESTION, outputs=(ROWS.model_copy(update={"description": ""}),)),
            id="another description",
        ),
        pytest.param(replace(QUESTION, looks=False), id="a run that does not look"),
    ],
)
def test_where_and_how_often_a_program_runs_does_not_matter(question: CacheQuestion) -> None:
    """More memory does not change what a program gives."""
    assert entry().hash == entry(question).hash


def test_every_field_of_a_program_counts_or_is_known_not_to() -> None:
    """A new field of tasks fails here until somebody has decided."""
    others = {
        *("resources", "node_selector", "tolerations", "affinity", "priority_class_name"),
        *("runtime_class_name", "image_pull_policy", "image_pull_secrets"),
        *("termination_grace_period_seconds", "pod_labels", "pod_annotations"),
        *("security_context", "retry", "timeouts", "pool", "pool_slots", "priority", "outputs"),
    }
    assert set(TaskBody.model_fields) == PROGRAM | others


def test_the_hash_is_the_same_tomorrow() -> None:
    """Results survive an upgrade of Headrace: whoever changes the hash, changes this."""
    assert CacheEntry("k", "8d3437d9ed4fb6b3c3574f4fc53dc62f") == entry()


def test_the_name_of_a_secret_counts_and_no_value_is_known() -> None:
    """The controller never reads a Secret."""
    other = EnvVar(name="TOKEN", value_from={"secretKeyRef": {"name": "other", "key": "token"}})
    assert entry().hash != entry(body(env=(GIVEN, other))).hash
    assert SECRET not in entry().hash


@pytest.mark.parametrize(
    "known",
    [
        pytest.param(Evaluated(), id="the key was not asked"),
        pytest.param(replace(KNOWN, fields={CACHE_KEY: FAILED}), id="the key has no value"),
        pytest.param(replace(KNOWN, env={"DAY": FAILED}), id="a variable has no value"),
    ],
)
def test_without_all_values_there_is_no_entry(known: Evaluated) -> None:
    """The task fails anyway, and asks no cache before."""
    assert entry_of(QUESTION, known) is None


def test_a_result_is_as_old_as_the_work() -> None:
    """The program ended at 5 s; later, the end was put on record, and other runs had the result."""
    done = replace(ended(Outcome.SUCCEEDED), finished=at(60), outputs={"rows": 3})
    assert CachedResult("etl-1", at(5), {"rows": 3}) == result_of("etl-1", done)
    again = replace(log(), outcome=Outcome.SUCCEEDED, finished=at(90), taken_over_from="etl-1")
    again = replace(again, outputs={"rows": 3}, done=at(5))
    assert CachedResult("etl-1", at(5), {"rows": 3}) == result_of("etl-2", again)
    assert at(90) == done_at(replace(again, done=None))


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.CANCELLED])
def test_only_success_is_a_result(outcome: Outcome) -> None:
    """Whatever the task had written before."""
    assert result_of("etl-1", replace(ended(outcome), outputs={"rows": 3})) is None
    assert result_of("etl-1", log(failed())) is None
