"""
The chain of policies over one task: the first that has an answer wins.

Knows the order of the policies. Does not know their inputs.
"""

from collections.abc import Callable

from headrace.engine.task.policies.already_ended import already_ended
from headrace.engine.task.policies.another_work import another_work
from headrace.engine.task.policies.cancelled import cancelled
from headrace.engine.task.policies.from_cache import from_cache
from headrace.engine.task.policies.in_progress import in_progress
from headrace.engine.task.policies.items_limit import items_limit
from headrace.engine.task.policies.items_stopped import items_stopped
from headrace.engine.task.policies.leaving import leaving
from headrace.engine.task.policies.nested_depth import nested_depth
from headrace.engine.task.policies.nested_stop import nested_stop
from headrace.engine.task.policies.nested_time import nested_time
from headrace.engine.task.policies.no_items import no_items
from headrace.engine.task.policies.obstructed import obstructed
from headrace.engine.task.policies.others_first import others_first
from headrace.engine.task.policies.paused import paused
from headrace.engine.task.policies.pending_time import pending_time
from headrace.engine.task.policies.retry import retry
from headrace.engine.task.policies.still_running import still_running
from headrace.engine.task.policies.stopped import stopped
from headrace.engine.task.policies.task_run_deleted import task_run_deleted
from headrace.engine.task.policies.total_time import total_time
from headrace.engine.task.policies.unread import unread
from headrace.engine.task.policies.upstream import upstream
from headrace.engine.task.policies.wait_stopped import wait_stopped
from headrace.engine.task.policies.when import when
from headrace.engine.task.starting import next_start
from headrace.engine.task.verdict import TaskView, Verdict

Policy = Callable[[TaskView], Verdict | None]


TASK_POLICIES: tuple[Policy, ...] = (
    already_ended,  #    the outcome is known: nothing to do
    task_run_deleted,  # the TaskRun is gone: never run the task twice
    another_work,  #     the TaskRun is somebody else's
    cancelled,  #        the run is being ended
    wait_stopped,  #     nothing would follow the wait
    total_time,  #       the task is over its time
    pending_time,  #     the container does not start
    nested_time,  #      the run of a called workflow is over its time
    items_stopped,  #    the run starts no further items
    in_progress,  #      an attempt runs
    nested_stop,  #      the run of a called workflow was stopped with this one
    retry,  #            an attempt failed: the next one, or the end
    leaving,  #          the previous attempt still runs
    upstream,  #         the rule over upstream tasks
    stopped,  #          the run starts nothing new
    others_first,  #     `finally` comes last
    unread,  #           the expressions read a task that has not ended
    still_running,  #    an upstream task has ended, and its pod still runs
    paused,  #           the run is paused
    obstructed,  #       the world has no room for it now
    when,  #             the condition, and the values of expressions
    nested_depth,  #     runs call each other too deep
    no_items,  #         the list of items is empty
    items_limit,  #      the list of items is too long
    from_cache,  #       an earlier run has the result
)


def judge(view: TaskView) -> Verdict:
    """Ask each policy in turn; if none objects, start the next attempt."""
    for policy in TASK_POLICIES:
        verdict = policy(view)
        if verdict is not None:
            return verdict
    return next_start(view)
