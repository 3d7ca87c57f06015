"""What to do about a state: `headrace.views.cures`."""

from string import Formatter

from headrace.views.cures import CURES, cure


def test_cures_name_only_what_is_known() -> None:
    """A run, a task and a workflow have names; nothing else is filled in."""
    for words in CURES.values():
        fields = {field for _, field, _, _ in Formatter().parse(words) if field}
        assert fields <= {"run", "task", "workflow"}


def test_a_state_that_needs_nobody_has_no_cure() -> None:
    """Nobody is sent anywhere in vain."""
    assert not cure("WaitingForTime", run="r", task="t")
    assert "headrace resume r" == cure("Paused", run="r", task="t")
