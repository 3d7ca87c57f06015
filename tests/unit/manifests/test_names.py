"""Names are derived, and the name is the lock: `headrace.manifests.names`."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.manifests.names import job_name, revision_name, short_hash, task_run_name

NAME = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True)
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


@given(NAME, NAME, st.integers(1, 10_000))
def test_a_jobs_name_fits_wherever_it_is_used(run: str, task: str, attempt: int) -> None:
    """It is a DNS label, also for pods, which add to it, and with an index."""
    name = job_name(run, "uid", task, attempt)
    assert len(name) <= 54
    assert LABEL.fullmatch(name)


def test_a_jobs_name_can_be_read() -> None:
    """Run and task stand in it, as far as there is room."""
    name = job_name("inventory-29396730", "uid-1", "transform", 1)
    assert re.fullmatch(r"inventory-29396730-transform-[a-z2-7]{10}", name)
    long = job_name("a" * 63, "uid-1", "b" * 63, 1)
    assert re.fullmatch(rf"{'a' * 26}-{'b' * 16}-[a-z2-7]{{10}}", long)


def test_a_task_on_its_own_is_named_once() -> None:
    """Its run is itself."""
    assert re.fullmatch(r"hello-[a-z2-7]{10}", job_name("hello", "uid-1", "hello", 1))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(("etl-1", "uid-2", "a", 1), id="a run made anew under the old name"),
        pytest.param(("etl-1", "uid-1", "b", 1), id="another task"),
        pytest.param(("etl-1", "uid-1", "a", 2), id="another attempt"),
    ],
)
def test_each_attempt_has_a_name_of_its_own(other: tuple[str, str, str, int]) -> None:
    """No two attempts ever meet under one name."""
    assert job_name("etl-1", "uid-1", "a", 1) != job_name(*other)


def test_a_name_is_the_same_for_whoever_derives_it() -> None:
    """It is the lock; a change of how it is made would start running attempts anew."""
    assert "etl-1-extract-62tyhpfou6" == job_name("etl-1", "uid-1", "extract", 1)


def test_names_that_are_cut_leave_no_dash_at_the_end() -> None:
    """And a dot, which a label cannot have, becomes a dash."""
    assert job_name("a" * 25 + "-b", "uid", "t.x", 1).startswith("a" * 25 + "-t-x-")


@given(
    st.lists(
        st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"])),
        min_size=1,
        max_size=4,
    )
)
def test_what_is_hashed_is_told_apart(parts: list[str]) -> None:
    """Moving a character from one part to the next gives another hash."""
    joined = ["".join(parts)]
    assert (short_hash(*parts) == short_hash(*joined)) == (parts == joined)


RUN = st.text("a0-.", min_size=1, max_size=6)
TASK = st.text("a0-", min_size=1, max_size=6)  # The name of a task has no dot.
UID = st.sampled_from(["uid-1", "uid-2"])


@given(st.lists(st.sampled_from(["a", "b0", "-", "."]), min_size=3, max_size=8))
def test_two_tasks_never_have_one_task_run(pieces: list[str]) -> None:
    """
    However a text is cut into the names of a run and of its task, also where these have a dash.

    Names that are drawn each by itself would hardly ever meet.
    """
    cuts = {
        ("".join(pieces[:n]), "".join(pieces[n + 1 :]))
        for n, piece in enumerate(pieces)
        if piece in ("-", ".")
    }
    tasks = [(run, task) for run, task in cuts if run and task and "." not in task]
    assert len(tasks) == len({task_run_name(*task) for task in tasks})


ATTEMPT = st.tuples(RUN, UID, TASK, st.integers(1, 12))


@given(ATTEMPT, ATTEMPT)
def test_two_attempts_never_have_one_job(
    one: tuple[str, str, str, int], other: tuple[str, str, str, int]
) -> None:
    """A run is known by its uid: its name in a Job's is for people."""
    same = one[1:] == other[1:]
    assert same or job_name(*one) != job_name(*other)


REVISION = st.tuples(RUN, UID, st.dictionaries(st.sampled_from("ab"), st.text("a0-.", max_size=2)))


@given(REVISION, REVISION)
def test_two_definitions_never_have_one_revision(
    one: tuple[str, str, dict[str, str]], other: tuple[str, str, dict[str, str]]
) -> None:
    """Of a workflow each content has its own."""
    assert (one == other) == (revision_name(*one) == revision_name(*other))


@given(NAME, NAME)
def test_the_name_of_a_task_run_is_one_that_kubernetes_takes(run: str, task: str) -> None:
    """It is a DNS subdomain, with room to spare."""
    name = task_run_name(run, task)
    assert len(name) <= 127
    assert all(LABEL.fullmatch(part) for part in name.split("."))


def test_a_task_run_is_named_after_its_run_and_task() -> None:
    """So that people find it."""
    assert "inventory-29396730.transform" == task_run_name("inventory-29396730", "transform")


def test_a_revision_is_named_by_its_content() -> None:
    """The order of keys is none of it; the workflow is."""
    spec = {"tasks": [{"name": "a"}], "suspend": False}
    name = revision_name("etl", "uid-1", spec)
    assert name == revision_name("etl", "uid-1", dict(reversed(spec.items())))
    assert name != revision_name("etl", "uid-1", {**spec, "suspend": True})
    assert name != revision_name("etl", "uid-2", spec)
    assert name.startswith("etl-")
