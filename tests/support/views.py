"""Tasks as policies look at them, and verdicts in a few words."""

from datetime import datetime
from typing import Any

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.task import TaskTimeouts
from headrace.engine.course import Course, Mode
from headrace.engine.definition.run_when import Tally
from headrace.engine.outcome import Ended
from headrace.engine.task.attempts import follow
from headrace.engine.task.chain import judge
from headrace.engine.task.observed import ObservedTask, Sighting, TaskLog
from headrace.engine.task.obstacles import Busy, Denied
from headrace.engine.task.verdict import Abort, Ask, Reuse, Start, TaskView, Turn, Verdict, Wait
from support.builders import (
    asking,
    at,
    calls,
    failed,
    last,
    limits,
    log,
    on,
    pause,
    retries,
    task,
    workflow,
)

R = Reason
TASK = workflow(
    task("up"),
    task("a", "up", retry=retries(2, on(9, then="Fail")), timeouts=limits(60, total=600)),
    task("patient", "up", retry=retries(1, on("AdmissionDenied", then="Retry"), seconds=5)),
    pause("pause", "up", timeouts=TaskTimeouts(total_seconds=600)),
    asking("ask", "up"),
    last("tidy"),
    last("rest", wait=pause("pause").wait),
    calls("call", "up", timeouts=TaskTimeouts(attempt_seconds=600)),
    last("keep", approval=asking("keep").approval),
)
GO = Course(Mode.GO)
PAUSE = Course(Mode.PAUSE, R.PAUSED, "paused")
STOP = Course(Mode.STOP, R.STOPPED, "stopped")
CANCEL = Course(Mode.CANCEL, R.CANCELLED, "cancelled")
TERMINATE = Course(Mode.TERMINATE, R.TERMINATED, "terminated")
FULL = Busy(R.QUOTA_EXCEEDED, "no room", at(100))
DENIED = Denied(R.ADMISSION_DENIED, "not so", at(5))
TAKEN = Denied(R.NAME_TAKEN, "taken", at(5))
MET, OPEN, RULED_OUT = Tally(1, successes=1), Tally(1), Tally(1, failures=1, failed=("up",))


def view(
    name: str = "a",
    now: float = 10,
    course: Course = GO,
    halted: str | None = None,
    unfinished: str | None = None,
    **more: Any,
) -> TaskView:
    """Return what is to be judged, ten seconds after noon; upstream is done if not said."""
    turn = Turn(at(now), "uid-1", course, halted, unfinished)
    return TaskView(turn, TASK.tasks[name], **{"upstream": MET, **more})


def begun(known: TaskLog | None = None, sighting: Sighting | None = None, **more: Any) -> TaskView:
    """Return a task that has a TaskRun; its log follows the sighting."""
    known = follow(known or TaskLog(), sighting, TASK.tasks["a"].retry, at(5))
    return view(log=known, seen=ObservedTask(known, sighting), **more)


def word(verdict: Verdict) -> str:
    """Say a verdict in a few words."""
    match verdict:
        case Start(number):
            return f"start {number}"
        case Reuse(result):
            return f"reuse {result.run}"
        case Ask(conditional):
            return "ask when" if conditional else "ask values"
        case Wait(reason, _, until):
            return f"wait {reason}{_time(until)}"
        case Abort(reason):
            return f"abort {reason}"
        case Ended(outcome, reason):
            return f"{outcome} {reason}"


def _time(until: datetime | None) -> str:
    return "" if until is None else f" until {(until - at(0)).total_seconds():g}"


FAILED_ONCE = log(failed(when=5))


def answer(judged: TaskView) -> str:
    """Return the verdict of the whole chain, in a few words."""
    return word(judge(judged))
