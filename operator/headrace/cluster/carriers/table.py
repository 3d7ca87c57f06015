"""The table of carriers: one line for each kind of work."""

from collections.abc import Mapping

from headrace.cluster.carriers.approval import ApprovalCarrier
from headrace.cluster.carriers.called_run import CalledRunCarrier
from headrace.cluster.carriers.carrier import Carrier
from headrace.cluster.carriers.items import ItemsCarrier
from headrace.cluster.carriers.job import JobCarrier
from headrace.cluster.carriers.reach import Reach
from headrace.cluster.carriers.timer import TimerCarrier
from headrace.engine.definition.work import Approval, ChildRun, Container, FanOut, Timer, Work

Carriers = Mapping[type[Work], Carrier]


def carriers(reach: Reach) -> Carriers:
    """Return the carrier of each kind of work."""
    return {
        Container: JobCarrier(reach),
        FanOut: ItemsCarrier(reach),
        Timer: TimerCarrier(reach),
        ChildRun: CalledRunCarrier(reach),
        Approval: ApprovalCarrier(reach),
    }
