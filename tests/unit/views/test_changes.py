"""What has changed between two looks: `headrace.views.changes`."""

from headrace.views.changes import called, changed, look
from support.window import run, task


def test_only_what_has_changed_is_told() -> None:
    """A state, its words or a further attempt; not a later look at the same."""
    before = [task("r", "a"), task("r", "b"), task("r", "c")]
    after = [task("r", "a"), task("r", "b", "Succeeded"), task("r", "c", attemptCount=2)]
    assert ["b", "c"] == [called(item) for item in changed(after, look(before))]
    assert [] == changed(after, look(after))
    assert ["r"] == [called(item) for item in changed([run("r")], {})]
