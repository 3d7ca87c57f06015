"""A cache that never goes back in time: `headrace.kube.store`."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.kube.objects import Meta
from headrace.kube.store import Healed, Listing, Store
from support.plumbing import Job


def job(
    name: str, version: int, *, run: str = "r1", uid: str = "", namespace: str = "default"
) -> Job:
    """Return a Job of a run, as it was at a version."""
    return Job(
        Meta(
            name=name,
            namespace=namespace,
            uid=uid or f"uid-{name}",
            resource_version=str(version),
            labels={"run": run},
        )
    )


def listing(
    *jobs: Job, at: int, namespace: str = "", unreadable: Iterable[str] = ()
) -> Listing[Job]:
    """Return a list as of a version."""
    return Listing(namespace, jobs, at, [("default", name) for name in unreadable])


def _at(item: Job) -> str:
    return f"{item.metadata.name}@{item.metadata.version}"


class Jobs(Store[Job]):
    """A store of Jobs by run, which notes what it tells."""

    def __init__(self) -> None:
        self.changes: list[tuple[str | None, str | None]] = []
        super().__init__(Job, lambda item: [item.metadata.labels["run"]], self._note)

    def _note(self, old: Job | None, new: Job | None) -> None:
        self.changes.append((_at(old) if old else None, _at(new) if new else None))

    def names(self, run: str) -> list[str]:
        return [_at(item) for item in self.by_index(run)]

    def dead(self, run: str) -> list[str]:
        return [_at(item) for item in self.tombstones_by_index(run)]


def test_an_object_is_found_by_name_and_by_index() -> None:
    """What was put is there, under its name and its run."""
    store = Jobs()
    store.put(job("a", 10))
    store.put(job("b", 11, run="r2"))
    assert job("a", 10) == store.get("default", "a")
    assert (["a@10"], ["b@11"], []) == (store.names("r1"), store.names("r2"), store.names("r3"))


def test_an_own_write_wins_over_an_older_event() -> None:
    """The watch may lag behind our own write; its news is then no news."""
    store = Jobs()
    assert store.put(job("a", 20))
    assert not store.put(job("a", 15))
    assert not store.put(job("a", 20))
    assert ["a@20"] == store.names("r1")
    assert [(None, "a@20")] == store.changes


def test_an_object_that_moves_is_found_under_its_new_key_only() -> None:
    """The index follows a change of what it is made of."""
    store = Jobs()
    store.put(job("a", 10))
    store.put(job("a", 11, run="r2"))
    assert ([], ["a@11"]) == (store.names("r1"), store.names("r2"))


def test_what_was_deleted_is_remembered_until_forgotten() -> None:
    """A deletion leaves the object's last state under its index key."""
    store = Jobs()
    store.put(job("a", 10))
    last = job("a", 15)
    assert store.remove(last.metadata, last)
    assert store.get("default", "a") is None
    assert ([], ["a@15"]) == (store.names("r1"), store.dead("r1"))
    assert [(None, "a@10"), ("a@10", None)] == store.changes
    store.forget("r1")
    assert [] == store.dead("r1")


def test_the_dead_do_not_come_back() -> None:
    """A late event, or a late answer to a write, does not revive an object."""
    store = Jobs()
    store.put(job("a", 10))
    store.remove(job("a", 15).metadata)
    assert not store.put(job("a", 12))
    assert not store.put(job("a", 99))
    assert store.get("default", "a") is None


def test_another_object_of_the_same_name_is_another_object() -> None:
    """A new uid takes the name; the old object is dead, and its late deletion harms nobody."""
    store = Jobs()
    store.put(job("a", 10, uid="first"))
    store.put(job("a", 20, uid="second"))
    assert (["a@20"], ["a@10"]) == (store.names("r1"), store.dead("r1"))
    assert not store.remove(job("a", 15, uid="first").metadata)
    assert ["a@20"] == store.names("r1")


def test_an_answer_after_the_news_of_the_deletion_is_a_death_notice() -> None:
    """An object that we made, and that is gone before our create is answered, counts as deleted."""
    store = Jobs()
    store.replace(listing(at=50))
    assert not store.put(job("a", 40))
    assert ([], ["a@40"]) == (store.names("r1"), store.dead("r1"))
    assert [("a@40", None)] == store.changes


def test_a_list_heals() -> None:
    """A list tells what is new, what has changed, and what has vanished."""
    store = Jobs()
    for known in (job("same", 10), job("changed", 11), job("vanished", 12)):
        store.put(known)
    healed = store.replace(listing(job("same", 10), job("changed", 20), job("new", 21), at=30))
    assert Healed((("default", "new"),), (("default", "changed"),), (("default", "vanished"),)) == (
        healed
    )
    assert ["same@10", "changed@20", "new@21"] == store.names("r1")
    assert ["vanished@12"] == store.dead("r1")


def test_a_list_that_tells_nothing_new_changes_nothing() -> None:
    """The same list again heals nothing and tells nobody."""
    store = Jobs()
    store.replace(listing(job("a", 10), at=30))
    store.changes.clear()
    assert not store.replace(listing(job("a", 10), at=31))
    assert [] == store.changes


def test_own_writes_newer_than_a_list_outlive_it() -> None:
    """What we made or changed after the list was taken is neither deleted nor set back."""
    store = Jobs()
    store.put(job("made", 40))
    store.put(job("patched", 41))
    healed = store.replace(listing(job("patched", 12), at=30))
    assert not healed
    assert ["made@40", "patched@41"] == store.names("r1")


def test_an_object_that_cannot_be_read_is_not_deleted() -> None:
    """A list that holds an unreadable object does not count it as vanished."""
    store = Jobs()
    store.put(job("a", 10))
    assert not store.replace(listing(at=30, unreadable=["a"]))
    assert ["a@10"] == store.names("r1")


def test_a_list_of_one_namespace_says_nothing_of_others() -> None:
    """With one informer for each namespace, each heals its own part."""
    store = Jobs()
    store.put(job("a", 10, namespace="red"))
    store.put(job("a", 11, namespace="blue", uid="other"))
    healed = store.replace(listing(at=30, namespace="red"))
    assert (("red", "a"),) == healed.vanished
    assert store.get("blue", "a") is not None
    assert (30, 0) == (store.complete_until("red"), store.complete_until("blue"))


def test_after_a_restore_the_list_is_right_in_everything() -> None:
    """An API server that went back in time wins over all that was known, the dead included."""
    store = Jobs()
    store.replace(listing(job("a", 90), job("b", 91), job("c", 92), at=100))
    store.remove(job("c", 101).metadata)
    healed = store.replace(listing(job("a", 40), job("c", 41), at=50), rewound=True)
    assert ((("default", "c"),), (("default", "a"),), (("default", "b"),)) == (
        healed.added,
        healed.changed,
        healed.vanished,
    )
    assert (["a@40", "c@41"], ["b@91"], 50) == (
        store.names("r1"),
        store.dead("r1"),
        store.complete_until(),
    )


def test_an_index_that_fails_on_an_object_hides_only_that_object() -> None:
    """An object without its label is kept by name; the others are found as ever."""
    store = Jobs()
    odd = Job(Meta(name="odd", namespace="default", uid="u", resource_version="10"))
    assert store.put(odd)
    store.put(job("a", 11))
    assert odd == store.get("default", "odd")
    assert ["a@11"] == store.names("r1")
    store.remove(odd.metadata)
    assert store.get("default", "odd") is None


class Truth:
    """What an API server would have: the history of a few objects."""

    def __init__(self) -> None:
        self.version = 0
        self.alive: dict[str, Job] = {}
        self.born = 0
        self.history: list[tuple[str, Job]] = []

    def step(self, name: str, *, delete: bool) -> Job:
        self.version += 1
        old = self.alive.get(name)
        if old is None:
            self.born += 1
        uid = old.metadata.uid if old else f"uid-{self.born}"
        new = job(name, self.version, run=f"r{self.version % 2}", uid=uid)
        if delete and old is not None:
            del self.alive[name]
            self.history.append(("DELETED", new))
        else:
            self.alive[name] = new
            self.history.append(("CHANGED", new))
        return new


STEPS = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.booleans(),
        st.sampled_from(["own write", "others", "watch", "stale answer", "list"]),
    ),
    max_size=60,
)


@given(STEPS)
def test_whatever_the_order_of_news_the_store_ends_at_the_truth(
    steps: list[tuple[str, bool, str]],
) -> None:
    """Own writes, lagging events, late answers and lists in any order: the last state is true."""
    truth, store = Truth(), Jobs()
    told = 0
    answers: list[Job] = []
    for name, delete, what in steps:
        if what in ("own write", "others"):
            new = truth.step(name, delete=delete)
            if name in truth.alive:
                answers.append(new)
                if what == "own write":
                    store.put(new)
        elif what == "stale answer" and answers:
            store.put(answers[len(answers) // 2])
        elif what == "watch" and told < len(truth.history):
            told = _tell(store, truth, told)
        elif what == "list":
            store.replace(listing(*truth.alive.values(), at=truth.version))
            told = len(truth.history)
        _check_index(store)
    while told < len(truth.history):
        told = _tell(store, truth, told)
    assert truth.alive == {item.metadata.name: item for item in store}
    _check_index(store)


def _tell(store: Jobs, truth: Truth, told: int) -> int:
    kind, item = truth.history[told]
    if kind == "DELETED":
        store.remove(item.metadata, item)
    else:
        store.put(item)
    store.advance("", item.metadata.version)
    return told + 1


def _check_index(store: Jobs) -> None:
    found = [item for run in ("r0", "r1") for item in store.by_index(run)]
    assert sorted(i.metadata.name for i in store) == sorted(i.metadata.name for i in found)
    dead = {i.metadata.uid for run in ("r0", "r1") for i in store.tombstones_by_index(run)}
    assert not dead & {item.metadata.uid for item in store}


@pytest.mark.parametrize("count", [1, 3])
def test_forgetting_frees_the_memory_of_the_dead(count: int) -> None:
    """Nothing stays of objects whose run is forgotten, nor of those that no run asks for."""
    store = Jobs()
    for number in range(count):
        store.put(job(f"j{number}", 10 + number))
        store.remove(job(f"j{number}", 20 + number).metadata)
    assert count == len(store.dead("r1"))
    store.forget("r1")
    assert store.put(job("j0", 50, uid="uid-j0"))  # Not remembered as dead any more.
