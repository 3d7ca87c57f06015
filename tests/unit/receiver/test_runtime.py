"""Deliveries over real HTTP, to a receiver over the API server in memory."""

import asyncio
import time
from typing import Any

import pytest

from headrace.cluster.kinds import WORKFLOWS
from headrace.kube.resources import SECRETS
from support.api_transport import method
from support.deliveries import (
    OLD,
    SECRET,
    Told,
    as_github,
    as_hmac,
    as_standard,
    body_of,
    send,
)
from support.hostile_text import hostile_texts
from support.receiver_rig import PUSH, receiving

PARAMS = [{"name": "sha", "default": "none"}, {"name": "commits", "type": "Integer", "default": 0}]
GIVEN = [
    {"name": "sha", "expression": "payload.after"},
    {"name": "commits", "expression": "size(payload.commits)"},
]
HOOK = {"scheme": "GitHub", "secretRef": {"name": "github"}}


def hooked(**webhook: Any) -> dict[str, Any]:
    """Return the spec of a workflow with parameters and a webhook."""
    return {"params": PARAMS, "triggers": [{"webhook": {**HOOK, **webhook}}]}


async def test_a_delivery_is_answered_when_its_run_is_stored() -> None:
    """The run says what started it, and has the values of the delivery."""
    async with receiving(**hooked(params=GIVEN)) as rig:
        told = await rig.push("3f2a-11")
        assert (201, "Started") == (told.status, told.reason)
        spec = rig.run(str(told.run))["spec"]
        assert "Webhook" == spec["trigger"]
        assert {"id": "3f2a-11"} == spec["delivery"]
        given = {each["name"]: each["value"] for each in spec["params"]}
        assert {"sha": "c0ffee", "commits": 2} == given
        labels = rig.run(str(told.run))["metadata"]["labels"]
        assert "w" == labels["headrace.dev/workflow"]


async def test_a_repeated_delivery_starts_nothing() -> None:
    """Nor does one that comes many times at once, or after a restart of the receiver."""
    async with receiving() as rig:
        many = await asyncio.gather(*(rig.push("one") for _ in range(20)))
        assert [200] * 19 + [201] == sorted(told.status for told in many)
        await rig.runtime.stop()
        await rig.start()
        assert "Repeated" == (await rig.push("one")).reason
        assert 1 == len({told.run for told in many}) == len(rig.runs)


async def test_a_new_workflow_of_the_name_knows_no_old_deliveries() -> None:
    """The name of the run derives from the workflow's uid too."""
    async with receiving() as rig:
        first = await rig.push()
        rig.remove(WORKFLOWS, "w")
        rig.workflow("w")
        await asyncio.sleep(0.1)
        second = await rig.push()
        assert (201, 201) == (first.status, second.status)
        assert first.run != second.run


async def test_strangers_cannot_tell_why_they_are_refused() -> None:
    """An unknown workflow, one without a webhook and a wrong signature give the same answer."""
    async with receiving() as rig:
        rig.workflow("plain", triggers=[{"onApply": {}}])
        rig.workflow("lost", {"secretRef": {"name": "nowhere"}})
        rig.secret("empty", secret="")
        rig.workflow("empty", {"secretRef": {"name": "empty"}})
        await asyncio.sleep(0.1)
        body = body_of(PUSH)
        good, wrong = as_github(body), as_github(body, secret="not the secret, for sure")  # noqa: S106 - a wrong one
        answers = [
            await send(rig.url("nobody"), body, good),
            await send(rig.url("w", "elsewhere"), body, good),
            await send(rig.url("plain"), body, good),
            await send(rig.url("lost"), body, good),
            await send(rig.url("empty"), body, as_github(body, secret="")),
            await send(rig.url(), body, wrong),
            await send(rig.url(), body, {}),
            await send(rig.url(), body + b" ", good),
        ]
        refused = {"reason": "Refused", "message": "the delivery was refused"}
        assert [Told(401, refused)] * len(answers) == answers
        assert [] == rig.runs


async def test_a_secret_is_changed_without_losing_a_delivery() -> None:
    """While the previous one is in the Secret, both count; then only the new one does."""
    async with receiving(
        triggers=[{"webhook": {**HOOK, "secretRef": {"name": "rotating"}}}]
    ) as rig:
        body = body_of(PUSH)
        for number, secret in enumerate((SECRET, OLD)):
            told = await send(rig.url(), body, as_github(body, f"d-{number}", secret))
            assert 201 == told.status
        rig.secret("rotating", secret=SECRET)
        await rig.runtime.stop()
        await rig.start()  # Rather than wait until the Secret is read again.
        old, new = [
            await send(rig.url(), body, as_github(body, "d-2", secret)) for secret in (OLD, SECRET)
        ]
        assert (401, 201) == (old.status, new.status)


@pytest.mark.parametrize("late", [-400, -299, 0, 299, 400])
async def test_standard_webhooks_count_for_five_minutes(late: int) -> None:
    """Before and after their time; the id is signed too."""
    webhook = {"scheme": "Standard", "secretRef": {"name": "standard"}}
    async with receiving(triggers=[{"webhook": webhook}]) as rig:
        body = body_of(PUSH)
        at = int(time.time()) + late
        headers = as_standard(body, at=at, before="v1a,abc v1,AAAA ")
        assert (201 if abs(late) < 300 else 401) == (await send(rig.url(), body, headers)).status
        other = await send(rig.url(), body, {**headers, "webhook-id": "msg_2"})
        assert 401 == other.status


async def test_our_own_scheme_signs_the_id_too() -> None:
    """Who has seen a delivery cannot send it again under another id."""
    async with receiving(triggers=[{"webhook": {**HOOK, "scheme": "Hmac"}}]) as rig:
        body = body_of(PUSH)
        headers = as_hmac(body)
        assert 201 == (await send(rig.url(), body, headers)).status
        assert 200 == (await send(rig.url(), body, headers)).status
        again = await send(rig.url(), body, {**headers, "Headrace-Delivery": "d-2"})
        assert 401 == again.status
        assert 1 == len(rig.runs)


async def test_when_decides_whether_a_run_starts() -> None:
    """A delivery that nobody wants is accepted, so that no sender repeats it."""
    when = "headers['x-github-event'] == 'push' && payload.ref == 'refs/heads/main'"
    async with receiving(**hooked(when=when, params=GIVEN)) as rig:
        # The values of parameters are not asked for: this payload has none.
        other = await rig.push("d-1", {"ref": "refs/heads/other"})
        assert (200, "NotWanted", None) == (other.status, other.reason, other.run)
        assert 201 == (await rig.push("d-2")).status
        assert 1 == len(rig.runs)


async def test_the_first_webhook_that_wants_a_delivery_starts_its_run() -> None:
    """Several webhooks of a workflow may share a secret; one delivery is one run."""
    async with receiving() as rig:
        rig.workflow(
            "several",
            {"when": "payload.ref == 'no'"},
            {"when": "payload.after == 'c0ffee'", "params": [GIVEN[0]]},
            {"params": []},
            params=PARAMS,
        )
        await asyncio.sleep(0.1)
        told = await rig.push(workflow="several")
        (run,) = rig.runs
        assert (told.run, [{"name": "sha", "value": "c0ffee"}]) == (
            run["metadata"]["name"],
            run["spec"]["params"],
        )


async def test_a_ping_of_github_starts_nothing() -> None:
    """GitHub sends one when a webhook is made."""
    async with receiving() as rig:
        body = b'{"zen": "Keep it logically awesome."}'
        told = await send(rig.url(), body, as_github(body, event="ping"))
        assert (200, "Ping") == (told.status, told.reason)
        assert [] == rig.runs


async def test_a_suspended_workflow_starts_nothing() -> None:
    """As with its other triggers, what comes meanwhile is not made up for."""
    async with receiving(suspend=True) as rig:
        told = await rig.push()
        assert (200, "Suspended") == (told.status, told.reason)
        rig.change("w", suspend=False)
        await asyncio.sleep(0.1)
        assert 201 == (await rig.push()).status


BAD = [
    pytest.param({"after": 7, "commits": []}, "params.sha: ", id="a number for text"),
    pytest.param({"after": None, "commits": []}, "params.sha: ", id="null"),
    pytest.param({"commits": []}, "params.sha: ", id="no such field"),
    pytest.param({"after": "x", "commits": 1}, "params.commits: ", id="a number has no size"),
    pytest.param([], "params.sha: ", id="a list"),
    pytest.param("x", "params.sha: ", id="text"),
    pytest.param({"after": "x" * 40_000, "commits": []}, "params.sha: ", id="too long a text"),
    pytest.param({"after": "a\0b", "commits": []}, "params.sha: ", id="a null character"),
    pytest.param({"after": "\ud800", "commits": []}, "params.sha: ", id="half of a character"),
]


@pytest.mark.parametrize(("payload", "words"), BAD)
async def test_bad_values_are_named_to_who_has_the_secret(payload: Any, words: str) -> None:
    """With the field, so that the sender or the author can find what is wrong."""
    async with receiving(**hooked(params=GIVEN)) as rig:
        told = await rig.push(payload=payload)
        assert (422, "Unusable") == (told.status, told.reason)
        assert words in told.body["message"]
        assert len(told.body["message"]) <= 2000
        assert [] == rig.runs


async def test_values_must_fit_the_declared_parameters() -> None:
    """Types, allowed values, and what has no default."""
    params = [
        {"name": "rows", "type": "Integer"},
        {"name": "region", "enum": ["eu", "us"], "default": "eu"},
    ]
    given = [
        {"name": "rows", "expression": "payload.rows"},
        {"name": "region", "expression": "payload.region"},
    ]
    triggers = [{"webhook": {**HOOK, "params": given}}]
    async with receiving(params=params, triggers=triggers) as rig:
        good = await rig.push("1", {"rows": 4, "region": "us"})
        text = await rig.push("2", {"rows": "4", "region": "us"})
        other = await rig.push("3", {"rows": 4, "region": "asia"})
        fraction = await rig.push("4", {"rows": 4.5, "region": "us"})
        assert [201, 422, 422, 422] == [each.status for each in (good, text, other, fraction)]
        assert "'rows' must be of type Integer, not '4'" in text.body["message"]
        assert "'region' is 'asia'; allowed: eu, us" in other.body["message"]
        assert "params.rows: must be text, a whole number" in fraction.body["message"]


@pytest.mark.parametrize(
    ("body", "headers", "words"),
    [
        pytest.param(b"{", {}, "no JSON in UTF-8", id="half of an object"),
        pytest.param(b"\xff", {}, "no JSON in UTF-8", id="no UTF-8"),
        pytest.param(b"NaN", {}, "NaN is no number of JSON", id="what only Python takes"),
        pytest.param(b"[" * 100_000, {}, "nested too deeply", id="deep"),
        pytest.param(b"9" * 5000, {}, "no JSON", id="a number of 5,000 digits"),
        pytest.param(b"\x1f\x8b", {"Content-Encoding": "gzip"}, "is compressed", id="packed"),
        pytest.param(
            b"payload=%7B%7D",
            {"Content-Type": "application/x-www-form-urlencoded"},
            "let the sender send JSON",
            id="GitHub's other content type",
        ),
    ],
)
async def test_a_body_that_is_no_json_is_refused(
    body: bytes, headers: dict[str, str], words: str
) -> None:
    """After the signature: the raw bytes are signed, whatever they are."""
    async with receiving() as rig:
        told = await send(rig.url(), body, {**as_github(body), **headers})
        assert (422, "Unusable") == (told.status, told.reason)
        assert words in told.body["message"]


async def test_a_thousand_hostile_texts_arrive_as_they_were_sent() -> None:
    """What a sender writes is data: nothing in it is an expression, a name or a command."""
    texts = hostile_texts(1000)
    async with receiving(**hooked(params=[GIVEN[0]])) as rig:
        for first in range(0, len(texts), 50):
            some = list(enumerate(texts[first : first + 50], first))
            told = await asyncio.gather(
                *(rig.push(f"h-{number}", {"after": text}) for number, text in some)
            )
            assert [201] * len(some) == [each.status for each in told]
        arrived = {
            run["spec"]["delivery"]["id"]: run["spec"]["params"][0]["value"] for run in rig.runs
        }
        assert {f"h-{number}": text for number, text in enumerate(texts)} == arrived


async def test_json_is_read_whatever_the_sender_calls_it() -> None:
    """Without being told, curl calls any body a form."""
    async with receiving() as rig:
        body = body_of(PUSH)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert 201 == (await send(rig.url(), body, {**as_github(body), **form})).status


@pytest.mark.parametrize("delivery", ["", "a b", "é", "x" * 257, "a\tb"])
async def test_an_id_that_cannot_be_kept_is_refused(delivery: str) -> None:
    """It would be the name of the lock."""
    async with receiving() as rig:
        assert 401 == (await rig.push(delivery)).status


async def test_signatures_and_credentials_are_read_by_no_expression() -> None:
    """A run is there for all to see who may see runs."""
    given = [{"name": "sha", "expression": "headers['authorization']"}]
    async with receiving(**hooked(params=given)) as rig:
        body = body_of(PUSH)
        told = await send(rig.url(), body, {**as_github(body), "Authorization": "Bearer 123"})
        assert 422 == told.status
        assert "123" not in told.body["message"]


# --- the API server -----------------------------------------------------------------------------


async def test_a_lost_answer_starts_nothing_twice() -> None:
    """The client asks again, and finds the run that it has stored."""
    async with receiving() as rig:
        rig.transport.faults.lose_answer(where=method("POST"))
        told = await rig.push()
        assert (200, "Repeated") == (told.status, told.reason)
        assert 1 == len(rig.runs)


async def test_a_delivery_that_was_not_stored_is_answered_so() -> None:
    """And repeated by its sender, it starts its run."""
    async with receiving() as rig:
        rig.transport.faults.answer(403, times=1, where=method("POST"))
        first = await rig.push()
        assert (503, "TryLater") == (first.status, first.reason)
        second = await rig.push()
        assert 201 == second.status
        assert 1 == len(rig.runs)


async def test_a_receiver_that_dies_between_storing_and_answering_loses_nothing() -> None:
    """Its sender has no answer, so it repeats the delivery, and the next receiver knows it."""
    async with receiving() as rig:
        rig.transport.faults.lose_answer(times=float("inf"), where=method("POST"))
        pushing = asyncio.create_task(rig.push())
        await rig.stored.wait()
        pushing.cancel()
        await rig.runtime.stop()
        await rig.start()
        assert "Repeated" == (await rig.push()).reason
        assert 1 == len(rig.runs)


async def test_a_run_of_another_delivery_takes_no_delivery_away() -> None:
    """Somebody may have made an object of just this name: the next name is taken."""
    async with receiving() as rig:
        first = await rig.push()
        name = str(first.run)
        rig.run(name)["spec"]["delivery"]["id"] = "another"
        second = await rig.push()
        assert 201 == second.status
        assert name != second.run
        assert "Repeated" == (await rig.push()).reason


async def test_a_secret_that_cannot_be_read_now_is_answered_with_later() -> None:
    """A sender that gives up after 401 must not be told so because the API server was away."""
    async with receiving() as rig:
        rig.transport.faults.answer(
            500, times=float("inf"), where=lambda request: "/secrets/" in request.target
        )
        told = await rig.push()
        assert (503, "TryLater") == (told.status, told.reason)
        rig.transport.faults.mend()
        assert 201 == (await rig.push()).status


async def test_strangers_cause_no_requests() -> None:
    """Whatever they send, a Secret is read once in a few seconds, and nothing else."""
    async with receiving() as rig:
        before = len(rig.transport.requests)
        body = body_of(PUSH)
        for number in range(50):
            await send(rig.url(), body, as_github(body, str(number), secret="wrong" * 5))
            await send(rig.url("nobody"), body, as_github(body, str(number)))
        asked = [request.target for request in rig.transport.requests[before:]]
        assert [SECRETS.path("default", "github")] == [each.partition("?")[0] for each in asked]


async def test_an_end_waits_for_deliveries_at_work() -> None:
    """What was sent before the end is answered."""
    async with receiving() as rig:
        rig.transport.faults.latency = 0.3
        pushing = asyncio.create_task(rig.push())
        await asyncio.sleep(0.1)
        await rig.runtime.stop()
        assert 201 == (await pushing).status
        assert "this receiver ends" == rig.runtime.ready()
        await rig.start()
