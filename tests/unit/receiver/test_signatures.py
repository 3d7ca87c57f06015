"""The proof of a delivery, as the pages of the schemes describe it."""

from datetime import UTC, datetime, timedelta

import pytest

from headrace.api.v1alpha1.webhook import WebhookScheme
from headrace.receiver.signatures import proven, usable

NOW = datetime(2026, 11, 30, tzinfo=UTC)
GITHUB, STANDARD, HMAC = WebhookScheme.GITHUB, WebhookScheme.STANDARD, WebhookScheme.HMAC


def test_the_example_in_githubs_documentation() -> None:
    """https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries."""
    digest = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    headers = {"x-hub-signature-256": f"sha256={digest}", "x-github-delivery": "72d3162e"}
    secrets = [b"It's a Secret to Everybody"]
    assert "72d3162e" == proven(GITHUB, headers, b"Hello, World!", secrets, NOW)
    assert None is proven(GITHUB, headers, b"Hello, World?", secrets, NOW)


def test_the_example_of_standard_webhooks() -> None:
    """The one in the specification's reference implementations."""
    secret = usable(STANDARD, b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert secret is not None
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    then = datetime.fromtimestamp(1614265330, UTC)
    body = b'{"test": 2432232314}'
    assert headers["webhook-id"] == proven(STANDARD, headers, body, [secret], then)
    late = then + timedelta(seconds=301)
    assert None is proven(STANDARD, headers, body, [secret], late)
    assert None is proven(STANDARD, headers, body, [secret], then - timedelta(seconds=301))


@pytest.mark.parametrize("scheme", list(WebhookScheme))
def test_without_a_secret_nothing_is_proven(scheme: WebhookScheme) -> None:
    """Whatever the headers say."""
    headers = {
        "headrace-delivery": "1",
        "headrace-signature": "",
        "x-hub-signature-256": "sha256=",
        "x-github-delivery": "1",
        "webhook-id": "1",
        "webhook-signature": "v1,",
        "webhook-timestamp": str(int(NOW.timestamp())),
    }
    assert None is proven(scheme, headers, b"", [], NOW)
    assert None is proven(scheme, headers, b"", [b"0123456789abcdef"], NOW)


@pytest.mark.parametrize("sent", ["", "x", "1e9", "-5", "²", "9" * 400, "1614265330.5", " 1"])
def test_a_time_that_is_none_is_refused(sent: str) -> None:
    """Also one that only Python takes for a number."""
    from support.deliveries import as_standard  # noqa: PLC0415 - its name is long

    at = int(NOW.timestamp())
    headers = {name.lower(): value for name, value in as_standard(b"x", at=at).items()}
    key = usable(STANDARD, b"whsec_MjQgYnl0ZXMgb2YgYSBzZWNyZXQuLi4u")
    assert key is not None
    assert "msg_1" == proven(STANDARD, headers, b"x", [key], NOW)
    assert None is proven(STANDARD, {**headers, "webhook-timestamp": sent}, b"x", [key], NOW)


@pytest.mark.parametrize(
    ("scheme", "written", "key"),
    [
        pytest.param(GITHUB, b"", None, id="an empty one, which everybody knows"),
        pytest.param(GITHUB, b"\n" * 30, None, id="line ends alone"),
        pytest.param(HMAC, b"fifteen bytes..", None, id="a short one"),
        pytest.param(HMAC, b"sixteen bytes ..", b"sixteen bytes ..", id="just long enough"),
        pytest.param(HMAC, b"sixteen bytes ..\r\n", b"sixteen bytes ..", id="from a file"),
        pytest.param(STANDARD, b"whsec_MTIz", None, id="three bytes in base64"),
        pytest.param(STANDARD, b"whsec_no base64 at all!!", None, id="no base64"),
        pytest.param(
            STANDARD, b"MDEyMzQ1Njc4OWFiY2RlZg==\n", b"0123456789abcdef", id="without its prefix"
        ),
    ],
)
def test_what_counts_as_a_secret(scheme: WebhookScheme, written: bytes, key: bytes | None) -> None:
    """An entry that is none is as good as missing."""
    assert key == usable(scheme, written)
