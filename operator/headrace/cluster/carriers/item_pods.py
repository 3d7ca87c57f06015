"""
The items of a Job from its cached pods. Only pods that changed are read again.

A Job may have thousands of pods, and each turn looks at all of its items. Knows pods by their
indexes. Asks nobody.
"""

from collections.abc import Iterable
from datetime import datetime
from operator import itemgetter

from headrace.engine.places import Places
from headrace.engine.task.observed import Ending
from headrace.manifests.item_pods import ItemState, index_of, item_state
from headrace.manifests.items_sighting import ItemFacts, leaving, over
from headrace.manifests.kube import Job, Pod
from headrace.manifests.pods import active, succeeded
from headrace.manifests.sighting import removed_while_held


class ItemPods:
    """The pods of one Job, by item."""

    def __init__(self) -> None:
        """Start without any pod."""
        self._pods: dict[str, Pod] = {}  # By uid.
        self._by_index: dict[int, dict[str, Pod]] = {}
        self._open: dict[int, ItemState] = {}  # Those that may change without a new pod.
        self._ended = dict[int, Ending]()
        self._started: datetime | None = None
        self._moved: datetime | None = None
        self._job_state: tuple[bool, bool] | None = None
        self._facts = ItemFacts()

    def facts(
        self, job: Job, live: Iterable[Pod], dead: Iterable[Pod], *, gone: bool, now: datetime
    ) -> ItemFacts:
        """
        Return what a Job's pods show of its items.

        Args:
            job: The Job.
            live: Its pods.
            dead: Its deleted pods, as last seen.
            gone: Whether the Job was deleted.
            now: Replaces times that Kubernetes does not give.

        """
        job_state = leaving(job, gone=gone), over(job) or gone
        known = {pod.metadata.uid: pod for pod in live if not _held_back(job, pod)}
        for pod in dead:
            if succeeded(pod) or (job_state[1] and not active(pod)):
                known[pod.metadata.uid] = pod
        changed = self._take(known)
        if job_state != self._job_state:
            changed, self._job_state = set(self._by_index), job_state
        if changed:
            for index in changed:
                self._judge(index, *job_state, now)
            self._facts = self._summed_up()
        return self._facts

    def _take(self, known: dict[str, Pod]) -> set[int]:
        """Take pods as they are now, and return the indexes of those that changed."""
        before, self._pods = self._pods, known
        changed: set[int] = set()
        for uid, pod in known.items():
            if before.get(uid) is not pod:
                index = index_of(pod)
                if index is not None:
                    self._by_index.setdefault(index, {})[uid] = pod
                    changed.add(index)
        for uid in before.keys() - known.keys():
            index = index_of(before[uid])
            if index is not None:
                self._by_index[index].pop(uid)
                changed.add(index)
        return changed

    def _judge(self, index: int, is_leaving: bool, is_over: bool, now: datetime) -> None:  # noqa: FBT001 - the state of the Job
        self._open.pop(index, None)
        self._ended.pop(index, None)
        pods = tuple(self._by_index[index].values())
        if not pods:
            return
        state = item_state(pods, leaving=is_leaving, over=is_over, now=now)
        if state.ending is not None:
            self._ended[index] = state.ending
        if state.ending is None or state.active or state.crowded:
            self._open[index] = state
        self._started = min(filter(None, (self._started, state.started)), default=None)
        self._moved = max(filter(None, (self._moved, state.moved)), default=None)

    def _summed_up(self) -> ItemFacts:
        going_on = self._open.values()
        held = [(index, state) for index, state in self._open.items() if state.waiting is not None]
        return ItemFacts(
            ended=dict(self._ended),
            places=Places.of(self._ended),
            running=Places.of(index for index, state in self._open.items() if state.running),
            active=sum(state.active for state in going_on),
            started=self._started,
            moved=self._moved,
            crowded=max((state.crowded for state in going_on if state.crowded), default=None),
            waiting=min(held, default=None, key=itemgetter(0)),
            hopeless=next((state.hopeless for state in going_on if state.hopeless), None),
        )


def _held_back(job: Job, pod: Pod) -> bool:
    """Return whether a pod failed because its Job was suspended: the Job makes another."""
    failed = pod.status.phase == "Failed" and not over(job)
    return failed and removed_while_held(job, pod)
