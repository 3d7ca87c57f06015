"""The slots of this machine among items: `headrace.local.sharing`."""

import pytest

from headrace.local.sharing import Wish, shares


@pytest.mark.parametrize(
    ("wishes", "free", "want"),
    [
        pytest.param([(0, 9)], 4, [4], id="one attempt gets all slots"),
        pytest.param([(0, 2)], 4, [2], id="no attempt gets more than it can use"),
        pytest.param([(0, 9), (0, 9)], 4, [2, 2], id="equals get equal shares"),
        pytest.param([(0, 9), (0, 9)], 3, [2, 1], id="the first one gets the odd slot"),
        pytest.param([(3, 9), (0, 9)], 3, [0, 3], id="who has fewer running items comes first"),
        pytest.param([(0, 1), (0, 9)], 4, [1, 3], id="what one cannot use goes to another"),
        pytest.param([(5, 9), (4, 9)], -1, [0, 0], id="too many programs run: none starts"),
        pytest.param([(0, 9), (0, 3)], None, [9, 3], id="no limit"),
    ],
)
def test_shares(wishes: list[tuple[int, int]], free: int | None, want: list[int]) -> None:
    """All slots are used, and nobody waits for another one's last item."""
    assert want == shares([Wish(*each) for each in wishes], free)
