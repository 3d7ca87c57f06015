"""
The pool book: the claims of all runs, and what pools have given to them. It outlives no process.

A run's turn writes the claims, and a pool's turn the grants: nobody else decides who gets a slot. A
lost book costs nothing: the next turns of all runs write their claims again, and slots are counted
from what runs. Decides nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from headrace.engine.pool.observed import PoolDecision, PoolKey, Waiting
from headrace.engine.room import NO_ROOM, Claim, Grant, PoolView, Room
from headrace.engine.run.observed import RunKey

AttemptId = Callable[[RunKey, str, str, int], str]
"""Returns the id of an attempt in a world, from its run, the run's uid, its task and its number."""


@dataclass(slots=True)
class _Page:
    """One pool: its claims by the id of the attempt, and the answers of its last turn."""

    claims: dict[str, tuple[RunKey, Waiting]] = field(default_factory=dict)
    given: dict[str, Grant] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    view: PoolView | None = None


@dataclass(slots=True)
class _Asked:
    """One run: its uid, and its claims by task, as the run wrote them and as pools read them."""

    uid: str
    claims: Mapping[str, Claim] = field(default_factory=dict)
    waiting: dict[str, Waiting] = field(default_factory=dict)


class PoolBook:
    """Claims and grants, for one event loop."""

    def __init__(
        self,
        attempt_id: AttemptId,
        ask: Callable[[PoolKey], None],
        wake: Callable[[RunKey], None],
    ) -> None:
        """
        Start empty.

        Args:
            attempt_id: Names attempts, as the world names those that run.
            ask: Asks for a turn of a pool: its claims have changed.
            wake: Asks for a turn of a run: a pool has given it something.

        """
        self._attempt_id = attempt_id
        self._ask = ask
        self._wake = wake
        self._pages: dict[PoolKey, _Page] = {}
        self._runs: dict[RunKey, _Asked] = {}
        self._given_more = set[RunKey]()

    def room(self, key: RunKey, uid: str) -> Room:
        """Return what pools have said about the claims of a run."""
        self._given_more.discard(key)
        asked = self._runs.get(key)
        if asked is not None and asked.uid != uid:  # Another run has the name now.
            self.forget(key)
            asked = None
        if asked is None:
            self._runs[key] = _Asked(uid)
            return NO_ROOM
        granted: dict[str, Grant] = {}
        places: dict[str, int] = {}
        names = {claim.pool for claim in asked.claims.values()}
        pages = {name: self._pages[PoolKey(key.namespace, name)] for name in names}
        for task, waiting in asked.waiting.items():
            page = pages[waiting.claim.pool]
            if waiting.attempt in page.given:
                granted[task] = page.given[waiting.attempt]
            elif waiting.attempt in page.places:
                places[task] = page.places[waiting.attempt]
        views = {name: page.view for name, page in pages.items() if page.view is not None}
        return Room(asked.claims, granted, places, views)

    def given_more(self, key: RunKey) -> bool:
        """Return whether a run was given something since it looked for the last time."""
        return key in self._given_more

    def claim(self, key: RunKey, claims: Mapping[str, Claim]) -> None:
        """Replace the claims of a run. What an attempt without a claim was given is free again."""
        asked = self._runs.get(key)
        if asked is None or asked.claims == claims:
            return
        changed: dict[PoolKey, None] = {}
        for task, claim in asked.claims.items():
            if claims.get(task) != claim:
                pool = PoolKey(key.namespace, claim.pool)
                changed[pool] = None
                self._withdraw(pool, asked.waiting.pop(task))
        for task, claim in claims.items():
            if task not in asked.waiting:
                pool = PoolKey(key.namespace, claim.pool)
                changed[pool] = None
                attempt = self._attempt_id(key, asked.uid, claim.task, claim.number)
                waiting = asked.waiting[task] = Waiting(attempt, key.name, claim)
                self._page(pool).claims[attempt] = key, waiting
        asked.claims = claims
        for pool in changed:
            self._ask(pool)

    def forget(self, key: RunKey) -> None:
        """Forget a run that is gone, and all its claims."""
        self.claim(key, {})
        self._given_more.discard(key)
        self._runs.pop(key, None)

    def waiting(self, pool: PoolKey) -> tuple[Waiting, ...]:
        """Return all claims on a pool."""
        page = self._pages.get(pool)
        return () if page is None else tuple(waiting for _, waiting in page.claims.values())

    def given(self, pool: PoolKey) -> Mapping[str, Grant]:
        """Return what a pool has given, by the id of the attempt."""
        page = self._pages.get(pool)
        return {} if page is None else page.given

    def settle(self, pool: PoolKey, decision: PoolDecision) -> None:
        """Write the answers of a pool's turn, and wake the runs that were given something."""
        page = self._pages.get(pool)
        if page is None:
            return
        new = [attempt for attempt in decision.given if attempt not in page.given]
        page.given = dict(decision.given)
        page.places = {waiting.attempt: n for n, waiting in enumerate(decision.queue, 1)}
        page.view = decision.view
        for run in dict.fromkeys(page.claims[attempt][0] for attempt in new):
            self._given_more.add(run)
            self._wake(run)
        self.drop(pool)

    def drop(self, pool: PoolKey) -> None:
        """Forget a pool without claims."""
        page = self._pages.get(pool)
        if page is not None and not page.claims:
            del self._pages[pool]

    def _withdraw(self, pool: PoolKey, waiting: Waiting) -> None:
        page = self._pages[pool]
        for known in (page.claims, page.given, page.places):
            known.pop(waiting.attempt, None)

    def _page(self, pool: PoolKey) -> _Page:
        page = self._pages.get(pool)
        if page is None:
            page = self._pages[pool] = _Page()
        return page
