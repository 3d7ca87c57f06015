"""What runs hold, repeat and ask: pools, backfills and questions."""

from fastapi import APIRouter

from headrace.cluster.kinds import APPROVALS, BACKFILLS, POOLS
from headrace.views.objects import name
from headrace.views.rows import ApprovalRow, BackfillRow, PoolRow
from headrace.views.summaries import approval_row, backfill_row, newest_first, pool_row
from headrace.web import asking
from headrace.web.answers import Items
from headrace.web.places import LaptopPlace, Place


def others(place: Place) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api")
    local = isinstance(place, LaptopPlace)

    @router.get("/pools")
    def pools() -> Items[PoolRow]:
        """List all pools by name: who holds slots, and who waits for some."""
        with place.open() as source:
            found = asking.all_of(source, POOLS, local=local)
        return Items([pool_row(pool) for pool in sorted(found, key=name)])

    @router.get("/backfills")
    def backfills() -> Items[BackfillRow]:
        """List all backfills, newest first."""
        with place.open() as source:
            found = asking.all_of(source, BACKFILLS, local=local)
        return Items([backfill_row(backfill) for backfill in newest_first(found)])

    @router.get("/approvals")
    def approvals() -> Items[ApprovalRow]:
        """List all questions, newest first."""
        with place.open() as source:
            found = asking.all_of(source, APPROVALS, local=local)
        return Items([approval_row(approval) for approval in newest_first(found)])

    return router
