"""`$(NAME)` in command and args: `headrace.manifests.arguments`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.manifests.arguments import filled_in, for_kubelet, literal, names_in
from support.expansion import expand

VALUES = {"X": "value", "a.b-c": "dots", "EMPTY": "", "AGAIN": "$(X) $$ $(AGAIN)", "WIDE": "a  b"}
OTHERS = {"HEADRACE_RUN": "etl-1", "PATH": "/bin", "FROM_MAP": "of envFrom"}
"""Variables that a kubelet knows and the task's `env` has not."""

CASES = [
    pytest.param("$(X)", "value", id="a variable of the task"),
    pytest.param("--to=$(X)/$(a.b-c)", "--to=value/dots", id="several within a text"),
    pytest.param("$(X)$(X)", "valuevalue", id="side by side"),
    pytest.param("<$(EMPTY)>", "<>", id="an empty value"),
    pytest.param("$(WIDE)", "a  b", id="a value with spaces"),
    pytest.param("$(AGAIN)", "$(X) $$ $(AGAIN)", id="a value is not read again"),
    pytest.param("$(date)", "$(date)", id="a command of a shell"),
    pytest.param("$(date +%F)", "$(date +%F)", id="a command with words"),
    pytest.param("$(HEADRACE_RUN)", "$(HEADRACE_RUN)", id="a variable of the contract"),
    pytest.param("$(PATH) $(FROM_MAP)", "$(PATH) $(FROM_MAP)", id="variables of others"),
    pytest.param("$X ${X} $1 $", "$X ${X} $1 $", id="variables of a shell"),
    pytest.param("$$", "$$", id="two dollars"),
    pytest.param("$$(X)", "$value", id="two dollars are no way to escape"),
    pytest.param("$$$(X)$", "$$value$", id="dollars around it"),
    pytest.param("$$(date)", "$$(date)", id="two dollars before a command of a shell"),
    pytest.param("$(X", "$(X", id="it does not end"),
    pytest.param("$($(X))", "$(value)", id="one within another"),
    pytest.param("$(date $(X))", "$(date value)", id="one within a command of a shell"),
    pytest.param("$( X) $(X )", "$( X) $(X )", id="with spaces"),
    pytest.param("$(x)", "$(x)", id="capital letters matter"),
    pytest.param("$()", "$()", id="without a name"),
    pytest.param("$é$(X)é", "$évalueé", id="not ASCII"),
]


@pytest.mark.parametrize(("text", "want"), CASES)
def test_a_text_becomes_the_same_in_both_worlds(text: str, want: str) -> None:
    """What a laptop fills in is what a kubelet makes of the Job."""
    assert want == filled_in(text, VALUES)
    assert want == expand(for_kubelet(text, VALUES), {**OTHERS, **VALUES})


def test_a_variable_without_a_value_stays_as_written() -> None:
    """An optional key of a Secret that is not there: the kubelet does not know the variable."""
    assert "$(PASSWORD)" == filled_in("$(PASSWORD)", VALUES)
    assert "$(PASSWORD)" == expand(for_kubelet("$(PASSWORD)", {"PASSWORD"}), {})


@pytest.mark.parametrize(
    ("text", "want"),
    [("$(X) $$(Y)-$(date) $(a b)", {"X", "Y", "date"}), ("$X ${X}", set()), ("", set())],
)
def test_names_in_a_text(text: str, want: set[str]) -> None:
    """Whether or not the task has such a variable."""
    assert want == names_in(text)


HOSTILE = st.text(alphabet=st.sampled_from("$($){}é\u2028\U0001f600\"'\\\n`;aX0 "), max_size=30)


@given(HOSTILE | st.text(max_size=50))
def test_a_literal_arrives_byte_for_byte(text: str) -> None:
    """Whatever variables there are."""
    assert text == expand(literal(text), {"X": "value", "a": "value"})


@given(HOSTILE | st.text(max_size=50), HOSTILE)
def test_both_worlds_agree_on_any_text_and_value(text: str, value: str) -> None:
    """Also where references and dollars stand side by side."""
    values = {"X": value, "a": f"{value}$", "0": "$$"}
    assert filled_in(text, values) == expand(for_kubelet(text, values), values)
