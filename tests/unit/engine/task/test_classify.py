"""How an attempt ended: `headrace.engine.task.classify`."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.retry import RetryReason
from headrace.engine.task.classify import (
    KINDS,
    MAX_OUTPUT_BYTES,
    MAX_OUTPUT_DEPTH,
    Failure,
    Kind,
    Success,
    classify,
    read_outputs,
)
from headrace.engine.task.observed import Ending, One
from support.builders import at


@pytest.mark.parametrize(
    ("ending", "want"),
    [
        pytest.param(Ending(at(1), One(0)), Success(), id="exit code 0 is success"),
        pytest.param(
            Ending(at(1), One(0), output='{"rows": 3}'),
            Success({"rows": 3}),
            id="exit code 0 with outputs",
        ),
        pytest.param(
            Ending(at(1), One(3)),
            Failure(Reason.NON_ZERO_EXIT, "ended with exit code 3"),
            id="another exit code",
        ),
        pytest.param(
            Ending(at(1), One(143), message="ended with exit code 143 (SIGTERM)"),
            Failure(Reason.NON_ZERO_EXIT, "ended with exit code 143 (SIGTERM)"),
            id="the world explains the exit code",
        ),
        pytest.param(
            Ending(at(1), One(137), Reason.OOM_KILLED, "too much"),
            Failure(Reason.OOM_KILLED, "too much"),
            id="the world's reason wins over the exit code",
        ),
        pytest.param(
            Ending(at(1), One(0), Reason.ATTEMPT_TIMEOUT),
            Failure(Reason.ATTEMPT_TIMEOUT, ""),
            id="the world's reason wins over exit code 0",
        ),
        pytest.param(
            Ending(at(1)),
            Failure(Reason.START_ERROR, "the attempt ended, and its result is not known"),
            id="an unknown end is no success, and no infrastructure failure",
        ),
    ],
)
def test_classify(ending: Ending, want: Success | Failure) -> None:
    """Each end has one reason."""
    assert want == classify(ending)


def test_outputs_that_cannot_be_read_are_a_failure_of_the_task() -> None:
    """The message says what is wrong, and the cure."""
    end = classify(Ending(at(1), One(0), output="[1]"))
    assert Failure(Reason.INVALID_OUTPUTS, "outputs are a JSON list; write one JSON object") == end


@pytest.mark.parametrize("text", ["", "  ", "\n\n"])
def test_a_task_may_write_nothing(text: str) -> None:
    """No outputs are no error."""
    assert read_outputs(text) is None


def nested(depth: int) -> str:
    """Return outputs that are nested so deep."""
    return '{"a":' * depth + "1" + "}" * depth


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("rows: 3", "not JSON", id="YAML"),
        pytest.param('{"rows": 3', "not JSON", id="half of an object"),
        pytest.param('{"a": 1}{"b": 2}', "not JSON", id="two objects"),
        pytest.param('"text"', "a JSON str", id="a JSON text"),
        pytest.param("null", "a JSON NoneType", id="a JSON null"),
        pytest.param('{"a": NaN}', "NaN is not a JSON number", id="NaN"),
        pytest.param('{"a": -Infinity}', "-Infinity is not a JSON number", id="infinity"),
        pytest.param(
            '{"a": 1e999}', "1e999 is not a JSON number", id="a number that becomes infinite"
        ),
        pytest.param('{"a": 9223372036854775808}', "more than 64 bits", id="a huge number"),
        pytest.param(
            '{"a": "\\ud800"}', "half of a character", id="half of a surrogate pair in a value"
        ),
        pytest.param(
            '{"\\udfff": 1}', "half of a character", id="half of a surrogate pair in a name"
        ),
        pytest.param(nested(33), "nested deeper than 32", id="too many levels"),
        pytest.param("[" * 4000, "not JSON", id="more levels than the parser can read"),
        pytest.param(
            '{"a": "' + "x" * 4096 + '"}', "have at most 4096 bytes", id="too many characters"
        ),
        pytest.param(
            '{"a": "' + "é" * 2044 + '"}', "at most 4096 bytes", id="too many bytes in UTF-8"
        ),
        pytest.param('{"a": "' + "x" * 4089, "at most 4096 bytes", id="cut by the kubelet"),
        pytest.param(
            '{"a": "' + "x" * 4088, "not JSON", id="not JSON, and too short for the kubelet to cut"
        ),
    ],
)
def test_outputs_that_cannot_be_kept(text: str, words: str) -> None:
    """What a status could not carry is refused, and says so."""
    with pytest.raises(ValueError, match=re.escape(words)):
        read_outputs(text)


LARGE = '{"a": "' + "x" * MAX_OUTPUT_BYTES


@pytest.mark.parametrize(
    ("text", "written", "words"),
    [
        pytest.param(LARGE[:4096], 4097, "these have 4097;", id="one byte too many, of known size"),
        pytest.param(
            LARGE[:4096], 21_012, "these have 21012;", id="many bytes too many, of known size"
        ),
        pytest.param(
            LARGE[:4096], None, "these have more than 4096;", id="too many bytes, of unknown size"
        ),
        pytest.param(
            "\ufffd" + LARGE[:4095], None, "more than 4096;", id="cut in the middle of a letter"
        ),
        pytest.param(LARGE[:4096], 4096, "not JSON", id="exactly the largest size, and not JSON"),
        pytest.param('{"a": "M\ufffdnchen"}', None, "not UTF-8", id="Latin-1 within a text"),
        pytest.param("{M\ufffdnchen: 1}", 11, "not UTF-8", id="Latin-1 where JSON has no text"),
        pytest.param(
            '{"a": "' + "\ufffd" * 1400 + '"}',
            None,
            "not UTF-8",
            id="Latin-1 that grows too large as UTF-8",
        ),
    ],
)
def test_what_is_said_of_outputs_that_were_cut_or_changed(
    text: str, written: int | None, words: str
) -> None:
    """The true size where it is known; and no value is changed in silence."""
    with pytest.raises(ValueError, match=re.escape(words)):
        read_outputs(text, written)


def test_a_program_may_still_write_the_replacement_character() -> None:
    """As an escape, it is no sign of a byte that was lost."""
    assert {"a": "\ufffd"} == read_outputs('{"a": "\\ufffd"}')


def test_outputs_at_the_limits_are_kept() -> None:
    """As many bytes as are allowed; as deep; as large a number."""
    full = '{"a": "' + "x" * (MAX_OUTPUT_BYTES - 9) + '"}'
    assert MAX_OUTPUT_BYTES == len(full)
    assert read_outputs(full) is not None
    assert read_outputs(full[:-4] + '"}\n\n') is not None
    assert read_outputs(nested(MAX_OUTPUT_DEPTH)) is not None
    assert {"a": 2**63 - 1} == read_outputs('{"a": 9223372036854775807}')


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=10), JSON, max_size=5))
def test_outputs_are_read_as_they_were_written(outputs: dict[str, object]) -> None:
    """Whatever a program writes as JSON arrives, if it fits."""
    text = json.dumps(outputs)
    if len(text) < MAX_OUTPUT_BYTES and outputs:
        assert outputs == read_outputs(text)


@given(st.text(max_size=200))
def test_no_text_is_too_much(text: str) -> None:
    """Any text is outputs, nothing, or a ValueError."""
    try:
        outputs = read_outputs(text)
    except ValueError:
        return
    assert outputs is None or isinstance(outputs, dict)


def test_every_reason_that_a_rule_can_name_has_a_kind() -> None:
    """Who is at fault is known for each way to fail; only names that are taken cannot be named."""
    assert {reason.value for reason in RetryReason} == {
        reason.value for reason in KINDS if reason is not Reason.NAME_TAKEN
    }


def test_the_kinds_are_those_of_the_reference() -> None:
    """Moving a reason to another kind changes what users pay for it."""
    infrastructure = {reason for reason, kind in KINDS.items() if kind is Kind.INFRASTRUCTURE}
    definition = {reason for reason, kind in KINDS.items() if kind is Kind.DEFINITION}
    assert {
        Reason.EVICTED,
        Reason.PREEMPTED,
        Reason.NODE_LOST,
        Reason.POD_DELETED,
        Reason.JOB_DELETED,
        Reason.APPROVAL_DELETED,
        Reason.APPROVAL_NOT_GUARDED,
        Reason.INTERRUPTED,
        Reason.RUN_DELETED,
    } == infrastructure
    assert {
        Reason.ADMISSION_DENIED,
        Reason.INVALID_IMAGE_NAME,
        Reason.NAME_TAKEN,
        Reason.RUN_CANCELLED,
        Reason.APPROVAL_TIMEOUT,
        Reason.INVALID_IMAGE_NAME,
        Reason.NAME_TAKEN,
        Reason.REJECTED,
    } == definition
