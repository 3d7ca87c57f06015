"""The chain of policies over one task: `headrace.engine.task.chain`."""

from pathlib import Path

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task import policies
from headrace.engine.task.chain import TASK_POLICIES, judge
from headrace.engine.task.observed import Attempt, ObservedTask
from headrace.engine.task.verdict import Start, TaskView, Turn
from support.builders import at, log, on, retries, task, workflow
from support.views import GO, answer, view

FILES = {path.stem for path in Path(policies.__path__[0]).glob("[a-z]*.py")}
TESTS = {
    path.stem.removeprefix("test_") for path in Path(__file__).parent.glob("policies/test_*.py")
}


def test_a_task_to_which_no_policy_objects_starts() -> None:
    """The chain says no; it needs no policy that says yes."""
    assert "start 1" == answer(view())


def test_every_policy_is_in_the_chain_once_and_has_a_test() -> None:
    """The folder listing is the list of features."""
    assert FILES == TESTS
    assert sorted(FILES) == sorted(policy.__name__ for policy in TASK_POLICIES)


def test_the_next_attempt_gets_the_memory_that_a_rule_gives() -> None:
    """From the task's own resources, or the default's."""
    growing = retries(2, on("OOMKilled", then="Retry", memory_factor_percent=150))
    defined = workflow(task("a", retry=growing)).tasks["a"]
    oom = Attempt(1, created=at(0), finished=at(5), reason=Reason.OOM_KILLED)
    known = log(oom, user_failures=1)
    turn = Turn(at(60), "uid-1", GO)
    assert Start(2, "1536Mi") == judge(TaskView(turn, defined, known, ObservedTask(known)))
