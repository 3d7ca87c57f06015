"""The known name that somebody may have meant: `headrace.api.checks.similar`."""

import pytest

from headrace.api.checks.similar import closest, did_you_mean

KNOWN = ["image", "dependsOn", "env"]


@pytest.mark.parametrize(
    ("name", "want"),
    [
        pytest.param("dependOn", "dependsOn", id="a letter is missing"),
        pytest.param("DEPENDSON", "dependsOn", id="in capital letters"),
        pytest.param("Image", "image", id="one capital letter"),
        pytest.param("colour", None, id="like no other"),
        pytest.param("", None, id="no name"),
    ],
)
def test_the_closest_name_is_found(name: str, want: str | None) -> None:
    """As it is written, whatever the case of the other."""
    assert want == closest(name, KNOWN)


def test_how_close_is_close_enough_can_be_said() -> None:
    """Where a wrong guess would cost more than none."""
    assert "env" == closest("envy", KNOWN)
    assert closest("envy", KNOWN, likeness=0.9) is None


def test_a_person_is_asked() -> None:
    """Or told nothing."""
    assert "did you mean 'dependsOn'?" == did_you_mean("dependOn", KNOWN)
    assert "" == did_you_mean("colour", KNOWN)
