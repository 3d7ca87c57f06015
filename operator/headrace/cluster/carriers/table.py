"""The table of carriers: one line for each kind of work."""

from collections.abc import Mapping

from headrace.cluster.carriers.approval import ApprovalCarrier
from headrace.cluster.carriers.approvals import ApprovalsCarrier
from headrace.cluster.carriers.called_run import CalledRunCarrier
from headrace.cluster.carriers.carrier import Carrier
from headrace.cluster.carriers.child_runs import ChildRunsCarrier
from headrace.cluster.carriers.items import ItemsCarrier
from headrace.cluster.carriers.job import JobCarrier
from headrace.cluster.carriers.reach import Reach
from headrace.cluster.carriers.timer import TimerCarrier
from headrace.cluster.carriers.timers import TimersCarrier
from headrace.engine.definition.work import (
    Approval,
    Approvals,
    ChildRun,
    ChildRuns,
    Container,
    FanOut,
    Timer,
    Timers,
    Work,
)

Carriers = Mapping[type[Work], Carrier]


def carriers(reach: Reach) -> Carriers:
    """Return the carrier of each kind of work."""
    return {
        Container: JobCarrier(reach),
        FanOut: ItemsCarrier(reach),
        Timer: TimerCarrier(reach),
        ChildRun: CalledRunCarrier(reach),
        Approval: ApprovalCarrier(reach),
        Timers: TimersCarrier(reach),
        ChildRuns: ChildRunsCarrier(reach),
        Approvals: ApprovalsCarrier(reach),
    }
