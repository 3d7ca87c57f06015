"""Paths as text: `headrace.local.paths`."""

import os

from hypothesis import given
from hypothesis import strategies as st

from headrace.local.paths import path_of, text_of

NAMES = (
    st.binary(min_size=1, max_size=20)
    .map(lambda name: name.translate(None, b"/\0"))
    .filter(lambda name: name not in (b"", b".", b".."))
)


@given(st.lists(NAMES, min_size=1, max_size=3))
def test_any_folder_is_found_again(names: list[bytes]) -> None:
    """Its name may have any bytes but two, and a database takes UTF-8 only."""
    path = os.fsdecode(b"/" + b"/".join(names))
    text = text_of(path)
    assert (text, path) == (text.encode().decode(), path_of(text))


def test_a_usual_path_is_kept_as_it_is() -> None:
    """People look into the database."""
    assert "/home/ada/flüge 100%" == text_of("/home/ada/flüge 100%")
