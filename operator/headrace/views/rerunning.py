"""
Why a run cannot be repeated as somebody asks, in sentences.

The engine has the same rules, and refuses the rerun; here nobody creates one in vain. Knows objects
as JSON.
"""

from collections.abc import Sequence

from headrace.views.objects import Object, ended, entries, name, reason, succeeded, text

_SUCCEEDED = "Succeeded"
_IN_VAIN = frozenset({"Failed", "Cancelled"})


def obstacle(
    run: Object, tasks: Sequence[Object], definition: Object | None, rerun_of: Object
) -> str | None:
    """
    Return why a run cannot be repeated as `rerunOf` says; None: it can.

    Args:
        run: The earlier run.
        tasks: Its TaskRuns.
        definition: The spec of its workflow, if it can be read.
        rerun_of: What to repeat.

    """
    called = name(run)
    if not ended(run):
        return (
            f"run {called} has not ended: {reason(run)}; wait for its end, or end it with headrace"
            f" cancel {called}"
        )
    if text(rerun_of, "from") == "All":
        return None
    task = text(rerun_of, "task")
    ends = {text(each, "spec", "task"): text(each, "status", "outcome") for each in tasks}
    if not task and succeeded(run) and not _IN_VAIN & set(ends.values()):
        return (
            f"run {called} succeeded, and no task of it failed; say what to repeat with --task or"
            " --from all"
        )
    if task in {text(each, "name") for each in entries(definition, "finally")}:
        return f"{task} is a `finally` task, which always runs; name another task"
    if rerun_of.get("downstreamOnly") and ends.get(task) != _SUCCEEDED:
        return (
            f"task {task} of run {called} did not succeed, so it must run again; leave out"
            " --downstream-only"
        )
    return None
