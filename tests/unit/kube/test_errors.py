"""How failed answers are understood: `headrace.kube.errors`."""

import json
from collections.abc import Callable

import pytest

from headrace.kube.errors import (
    ApiError,
    Cause,
    UnreachableError,
    already_exists,
    api_error,
    conflict,
    forbidden,
    gone,
    invalid,
    not_found,
    retry_after,
    transient,
)

QUESTIONS = (
    already_exists,
    conflict,
    forbidden,
    gone,
    invalid,
    not_found,
    transient,
)


def status(reason: str, **details: object) -> bytes:
    """Return a Status as the API server sends it."""
    body = {"kind": "Status", "code": 400, "reason": reason, "message": "no", "details": details}
    return json.dumps(body).encode()


@pytest.mark.parametrize(
    ("error", "want"),
    [
        pytest.param(ApiError(400), [invalid], id="bad request"),
        pytest.param(ApiError(401), [], id="unauthorized"),
        pytest.param(ApiError(403), [forbidden], id="forbidden"),
        pytest.param(ApiError(404), [not_found], id="not found"),
        pytest.param(ApiError(409, "AlreadyExists"), [already_exists], id="already exists"),
        pytest.param(ApiError(409, "Conflict"), [conflict], id="conflict"),
        pytest.param(ApiError(409), [conflict], id="conflict without a reason"),
        pytest.param(ApiError(410, "Expired"), [gone], id="gone"),
        pytest.param(ApiError(422), [invalid], id="invalid"),
        pytest.param(ApiError(429), [transient], id="too many requests"),
        pytest.param(ApiError(503), [transient], id="not available"),
        pytest.param(UnreachableError("reset"), [transient], id="no answer"),
        pytest.param(ValueError("a defect"), [], id="something else"),
    ],
)
def test_each_failure_answers_its_questions(
    error: Exception, want: list[Callable[[BaseException], bool]]
) -> None:
    """Each question is about one kind of failure, and can be asked of any exception."""
    assert want == [question for question in QUESTIONS if question(error)]


@pytest.mark.parametrize(
    ("body", "header", "want"),
    [
        pytest.param(b"", None, None, id="no wait is asked for"),
        pytest.param(b"", "7", 7, id="the header asks for a wait"),
        pytest.param(status("x", retryAfterSeconds=5), None, 5, id="the Status asks for a wait"),
        pytest.param(
            status("x", retryAfterSeconds=5), "7", 7, id="header and Status ask for a wait"
        ),
        pytest.param(b"", "Fri, 31 Dec 2032 23:59:59 GMT", None, id="a date is not understood"),
        pytest.param(b"", "-1", None, id="nonsense is ignored"),
    ],
)
def test_the_wait_that_was_asked_for(body: bytes, header: str | None, want: float | None) -> None:
    """It stands in the header or in the Status."""
    assert want == retry_after(api_error(429, body, header))


def test_a_status_is_told_whole() -> None:
    """Reason, message and the fields at fault come through."""
    causes = [{"reason": "FieldValueInvalid", "message": "too long", "field": "metadata.name"}]
    error = api_error(422, status("Invalid", causes=causes))
    assert ("Invalid", "no", "422 Invalid: no") == (error.reason, error.message, str(error))
    assert (Cause("FieldValueInvalid", "too long", "metadata.name"),) == error.causes


@pytest.mark.parametrize(
    ("body", "want"),
    [
        pytest.param(b"<html>Bad Gateway</html>", "<html>Bad Gateway</html>", id="a proxy's page"),
        pytest.param(b"\xff\xfe", "\ufffd\ufffd", id="bytes"),
        pytest.param(b"[1, 2]", "[1, 2]", id="other JSON"),
        pytest.param(b'{"message": 5}', '{"message": 5}', id="a Status of wrong types"),
        pytest.param(b"x" * 10_000, "x" * 500, id="a long text is cut"),
    ],
)
def test_an_answer_that_is_no_status_is_quoted(body: bytes, want: str) -> None:
    """What stands between us and the API server speaks in its own ways."""
    error = api_error(502, body)
    assert (502, "", want) == (error.status, error.reason, error.message)


def test_an_error_event_carries_its_own_code() -> None:
    """The HTTP status of a watch is 200 by then."""
    assert 400 == api_error(0, status("Expired")).status
    assert 500 == api_error(0, b"{}").status
