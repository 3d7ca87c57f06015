"""What plain words of YAML mean to kubectl: `headrace.cli.scalars`."""

import math

import pytest

from headrace.cli.scalars import Scalar, meaning, surprising
from support.yaml_words import WORDS


@pytest.mark.parametrize(("word", "want"), WORDS.items())
def test_a_word_means_what_it_means_to_kubectl(word: str, want: Scalar) -> None:
    """The table was taken from kubectl; a test on a real cluster compares it again."""
    found = meaning(word)
    assert (type(want), want) == (type(found), found)


def test_words_that_are_no_json_are_left_to_the_reader() -> None:
    """Infinity and NaN are numbers of YAML that no object can hold."""
    assert math.isinf(float(str(meaning(".inf"))))
    assert math.isnan(float(str(meaning(".nan"))))


SURPRISES = {
    "no": True,
    "on": True,
    "010": True,
    "1_000": True,
    "1e3": True,
    "1.10": True,
    "NULL": True,
    "0o7": True,
    "true": False,
    "null": False,
    "~": False,
    "12": False,
    "-1.5": False,
    "text": False,
    "1:30": False,
}


@pytest.mark.parametrize(("word", "want"), SURPRISES.items())
def test_surprising_words_are_those_that_do_not_look_like_their_value(
    word: str,
    want: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Who writes `no` may mean the country; who writes `true` does not mean text."""
    assert want is surprising(word, meaning(word))
