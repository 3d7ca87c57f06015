"""What is left of an object while it is decoded: `headrace.manifests.trimming`, and the views."""

import gc
import tracemalloc
from typing import Any, Final

import msgspec
import pytest

from headrace.api.v1alpha1 import labels
from headrace.kube.objects import Meta, OwnerReference
from headrace.manifests.kube import ConditionView, Job, OwnObject, Pod, WorkflowObject
from headrace.manifests.trimming import ELEMENTS, SPEC_BYTES, VALUE, WORDS

VALUE_OF_MEMORY: Final = "512Mi"
THEIRS: Final = {labels.RUN: "r", labels.TASK: "t", labels.ATTEMPT: "1", labels.WORKFLOW: "w"}
MANY: Final = 3000
HUGE: Final = "x" * 1_000_000
LONG: Final = "x" * 2 * WORDS


def owners(*more: OwnerReference) -> tuple[OwnerReference, ...]:
    """Return many owners that are of no interest, and these."""
    return (*(OwnerReference("v1", "ConfigMap", f"c{n}", f"u{n}") for n in range(MANY)), *more)


def meta(**fields: Any) -> dict[str, Any]:
    return {"metadata": {"name": "a", **fields}}


LABELS: Final = meta(labels={f"l{n:050}": "x" * 60 for n in range(MANY)})
ANNOTATIONS: Final = meta(annotations={"note": HUGE, **{f"a{n:050}": "x" for n in range(MANY)}})
OWNERS: Final = meta(ownerReferences=msgspec.to_builtins(owners()))
OWNER: Final = meta(ownerReferences=[{"kind": "Job", "name": HUGE, "uid": "u", "controller": True}])
MEMORY: Final = meta(annotations={labels.MEMORY: HUGE})
ARGS: Final = {"image": "busybox", "args": [f"{n:040}" for n in range(20_000)]}
PARAMS: Final = [{"name": f"p{n}", "value": "x" * 20_000} for n in range(50)]


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        *(
            pytest.param(kind, body, id=f"{kind.__name__} with many {what}")
            for kind in (Job, Pod, OwnObject)
            for what, body in (
                ("labels", LABELS),
                ("annotations", ANNOTATIONS),
                ("owners", OWNERS),
                ("letters in its owner's name", OWNER),
            )
        ),
        pytest.param(Job, MEMORY, id="Job with a limit of a million letters"),
        pytest.param(OwnObject, {**meta(), "spec": ARGS}, id="TaskRun with many arguments"),
        pytest.param(
            OwnObject,
            {**meta(), "spec": {"run": "r", "task": "t", **ARGS}},
            id="a run's TaskRun with many arguments",
        ),
        pytest.param(
            OwnObject,
            {**meta(), "spec": {"workflow": "w", "params": PARAMS}},
            id="WorkflowRun with large parameters",
        ),
        pytest.param(
            OwnObject, {**meta(), "spec": {"workflow": HUGE}}, id="WorkflowRun of a long name"
        ),
    ],
)
def test_what_is_kept_does_not_grow_with_the_object(kind: type, written: dict[str, Any]) -> None:
    """Whoever may write an object decides its size, but not what a controller keeps of it."""
    body = msgspec.json.encode(written)
    decoder = msgspec.json.Decoder(kind)
    tracemalloc.start()
    try:
        decoder.decode(body)  # What the decoder itself remembers does not count.
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        kept = decoder.decode(body)
        gc.collect()
        size = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert "a" == kept.metadata.name
    assert size < len(body) / 50, f"{size} bytes are kept of {len(body)}"


def test_what_is_read_is_kept() -> None:
    """The labels of an attempt, a limit that a retry raised, and whom it belongs to."""
    owner = OwnerReference("batch/v1", "Job", "j", "u", controller=True)
    raw = msgspec.json.encode(
        meta(
            labels={**THEIRS, "team": "a"},
            annotations={labels.MEMORY: VALUE_OF_MEMORY, "note": "x"},
            ownerReferences=msgspec.to_builtins(owners(owner)),
        )
    )
    job, pod = (msgspec.json.decode(raw, type=kind).metadata for kind in (Job, Pod))
    assert (THEIRS, THEIRS) == (job.labels, pod.labels)
    assert ({labels.MEMORY: VALUE_OF_MEMORY}, {}) == (job.annotations, pod.annotations)
    assert (owner,) == job.owner_references == pod.owner_references


@pytest.mark.parametrize(
    ("annotations", "want"),
    [
        pytest.param(
            {labels.COMPLETION_INDEX: "7"}, {labels.COMPLETION_INDEX: "7"}, id="it is read"
        ),
        pytest.param({labels.COMPLETION_INDEX: "7" * 9999}, {}, id="it is read, and far too long"),
        pytest.param(
            {"note": "x", labels.COMPLETION_INDEX: "7"},
            {labels.COMPLETION_INDEX: "7"},
            id="another",
        ),
    ],
)
def test_of_annotations_those_are_kept_that_are_read(
    annotations: dict[str, str], want: dict[str, str]
) -> None:
    """A pod of an item has one, so most pods have no other."""
    assert want == Pod(Meta("a", annotations=annotations)).metadata.annotations


def test_a_pod_that_its_job_has_let_go_of_still_names_it() -> None:
    """Another controller may have taken it over."""
    job = OwnerReference("batch/v1", "Job", "j", "u")
    other = OwnerReference("v1", "Thing", "t", "v", controller=True)
    kept = Pod(Meta("a", owner_references=owners(job, other))).metadata.owner_references
    assert (job, other) == kept


def test_a_small_spec_is_kept_whole() -> None:
    """Nobody has to be asked for it."""
    spec = {"image": "busybox", "args": ["x" * (SPEC_BYTES - 100)]}
    item = OwnObject(Meta("a"), spec)
    assert (spec, False) == (msgspec.json.decode(item.written), item.cut)
    renewed = msgspec.structs.replace(item, status={"progress": "0/1"})
    assert item.written == renewed.written, "whatever is made of it"


def test_of_a_large_spec_what_is_read_often_is_kept() -> None:
    """The rest is asked for when it is needed."""
    read = {"workflow": "w", "logicalTime": "2030-01-01T00:00:00Z", "desiredState": "Pause"}
    item = OwnObject(Meta("a"), {**read, "params": PARAMS})
    assert (read, True) == (item.spec, item.cut)
    renewed = msgspec.structs.replace(item, status={"progress": "0/1"})
    assert (read, True) == (renewed.spec, renewed.cut), "whatever is made of it"


def test_of_a_task_that_has_ended_no_spec_is_kept() -> None:
    """Nobody reads it again."""
    item = OwnObject(Meta("a"), {"image": "busybox"})
    ended = msgspec.structs.replace(item, status={"outcome": "Failed"})
    assert (b"", True) == (ended.written, ended.cut)


def test_of_a_task_of_a_run_its_place_is_kept() -> None:
    """Its run's definition says the rest."""
    item = OwnObject(Meta("a"), {"run": "r", "task": "t", "image": "busybox"})
    assert ({"run": "r", "task": "t"}, True) == (item.spec, item.cut)


def test_a_workflow_has_its_spec_and_who_asked_for_it() -> None:
    """Its spec is not read before it is its turn."""
    raw = meta(annotations={labels.REQUESTED_BY: "ada", "note": HUGE}, labels=THEIRS)
    written = msgspec.json.encode({**raw, "spec": ARGS})
    item = msgspec.json.decode(written, type=WorkflowObject)
    assert ARGS == msgspec.json.decode(item.spec)
    assert ({labels.REQUESTED_BY: "ada"}, {}) == (item.metadata.annotations, item.metadata.labels)


def test_of_a_status_as_much_is_kept_as_is_usual() -> None:
    """The main container comes first, wherever it stands; of what it says, all outputs are kept."""
    said = {"name": "x", "state": {"terminated": {"message": LONG}}}
    main = {"name": "main", "state": {"waiting": {"message": LONG}}}
    conditions = [{"type": f"C{n}", "message": LONG} for n in range(ELEMENTS + 1)]
    status = {
        "message": LONG,
        "conditions": conditions,
        "containerStatuses": [*[said] * ELEMENTS, main],
        "initContainerStatuses": [said] * (ELEMENTS + 1),
    }
    raw = msgspec.json.encode({**meta(), "status": status})
    kept = msgspec.json.decode(raw, type=Pod).status
    few: list[tuple[Any, ...]] = [kept.conditions, kept.container_statuses]
    assert [ELEMENTS] * 3 == [len(each) for each in (*few, kept.init_container_statuses)]
    assert "main" == kept.container_statuses[0].name
    first, second = (each.state for each in kept.container_statuses[:2])
    assert first.waiting is not None
    assert second.terminated is not None
    assert [WORDS, WORDS] == [len(first.waiting.message), len(second.terminated.message)]
    assert [VALUE, VALUE] == [len(kept.message), len(kept.conditions[0].message)]
    job = msgspec.json.decode(raw, type=Job).status
    assert ELEMENTS == len(job.conditions)
    assert ConditionView("C0", message="x" * VALUE) == job.conditions[0]
