"""Lines of a watch and what they tell: `headrace.kube.wire`."""

import pytest

from headrace.kube.objects import Projection
from headrace.kube.wire import (
    Bookmark,
    Broken,
    Changed,
    Decoders,
    Deleted,
    Garbled,
    read_event,
    whole_lines,
)

DECODER = Decoders().of_events(Projection)
NAMED = b'{"metadata": {"name": "a", "resourceVersion": "7"}}'


@pytest.mark.parametrize(
    ("received", "want"),
    [
        pytest.param(b"", ([], b""), id="nothing"),
        pytest.param(b"one\n", ([b"one"], b""), id="a line"),
        pytest.param(b"one\ntwo\nthr", ([b"one", b"two"], b"thr"), id="the next one has begun"),
        pytest.param(b"on", ([], b"on"), id="the beginning of a line"),
        pytest.param(b"\n\n", ([b"", b""], b""), id="empty lines"),
    ],
)
def test_whole_lines(received: bytes, want: tuple[list[bytes], bytes]) -> None:
    """Chunks are cut anywhere."""
    assert want == whole_lines(received)


@pytest.mark.parametrize(
    ("line", "want"),
    [
        pytest.param(b'{"type": "ADDED", "object": %s}' % NAMED, Changed, id="added"),
        pytest.param(b'{"object": %s, "type": "MODIFIED"}' % NAMED, Changed, id="in another order"),
        pytest.param(b'{"type": "DELETED", "object": %s}' % NAMED, Deleted, id="deleted"),
        pytest.param(
            b'{"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "9"}}}',
            Bookmark,
            id="a bookmark has no name",
        ),
        pytest.param(
            b'{"type": "BOOKMARK", "object": %s}' % NAMED, Bookmark, id="a bookmark with a name"
        ),
        pytest.param(
            b'{"type": "ERROR", "object": {"metadata": {}, "code": 410, "reason": "Expired"}}',
            Broken,
            id="an error",
        ),
        pytest.param(
            b'{"type": "ERROR", "object": %s}' % NAMED, Broken, id="an error that names something"
        ),
        pytest.param(
            b'{"type": "ADDED", "object": {"metadata": {"name": 7}}}', Garbled, id="unreadable"
        ),
    ],
)
def test_a_line_is_told_by_its_type(line: bytes, want: type) -> None:
    """Whatever its object looks like."""
    assert isinstance(read_event(line, DECODER), want)
