"""
Deliveries to webhooks on a real cluster: the receiver as a process, with the rights of the chart.

Senders are `curl` and `openssl`, as the how-to shows them, and HTTP clients of our own.
"""

import asyncio
import json
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from chart.everything import RECEIVER
from chart.rendering import render
from chart.rights import RECEIVER as RIGHTS
from cluster.control import Stage
from cluster.installation import Right, allowed
from cluster.limited import write_kubeconfig
from cluster.operator_process import ControllerProcess, ReceiverProcess
from cluster.story import SUCCEED, Story, condition, task
from support.deliveries import SECRET, Told, as_github, body_of, send

pytestmark = pytest.mark.cluster

ACCOUNT = "receiver"
HOOK: dict[str, Any] = {"scheme": "GitHub", "secretRef": {"name": "github"}}
PUSH = {"ref": "refs/heads/main", "after": "c0ffee"}
MANY, AT_ONCE = 200, 10


@pytest.fixture(scope="module")
def receiver(
    shared_stage: Stage, story: Story, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ReceiverProcess]:
    """Return a receiver whose account has the rights that the chart gives it, and no others."""
    namespace = story.namespace
    for name in ("github", "other"):
        secret = ("create", "secret", "generic", name, f"--from-literal=secret={SECRET}")
        story.kubectl(*secret)
    story.kubectl("create", "serviceaccount", ACCOUNT)
    given = {"receiver.namespaces": [{"namespace": namespace, "secrets": ["github"]}]}
    role = next(
        each
        for each in render({**RECEIVER, **given}).all("Role")
        if each["metadata"]["namespace"] == namespace
    )
    story.apply({**role, "metadata": {"name": ACCOUNT}})
    story.kubectl(
        *("create", "rolebinding", ACCOUNT, f"--role={ACCOUNT}"),
        f"--serviceaccount={namespace}:{ACCOUNT}",
    )
    folder = tmp_path_factory.mktemp("receiver")
    kubeconfig = folder / "kubeconfig"
    write_kubeconfig(kubeconfig, story, story.kubectl("create", "token", ACCOUNT).strip())
    variables = {**shared_stage.environ(), "KUBECONFIG": str(kubeconfig)}
    made = ReceiverProcess(namespace, variables, folder / "receiver.log")
    made.start()
    yield made
    if made.running:
        made.end()
    assert "" == made.unforeseen()


def url(story: Story, receiver: ReceiverProcess, workflow: str) -> str:
    """Return where a workflow takes deliveries."""
    return f"http://127.0.0.1:{receiver.deliveries}/webhooks/{story.namespace}/{workflow}"


def hooked(story: Story, name: str, **fields: Any) -> None:
    """Make a workflow with a webhook, and wait until the controller has seen it."""
    webhook = {**HOOK, **fields.pop("webhook", {})}
    story.workflow(name, task("t", SUCCEED), triggers=[{"webhook": webhook}], **fields)
    story.until("it is ready", lambda: "True" == ready(story, name))


def ready(story: Story, name: str) -> str:
    """Return the status of a workflow's condition Ready."""
    conditions = story.get("workflow", name).get("status", {}).get("conditions", [])
    return next((str(each["status"]) for each in conditions if each["type"] == "Ready"), "")


def runs_of(story: Story, workflow: str) -> list[Any]:
    """Return the runs of a workflow."""
    return [run for run in story.all("workflowrun") if run["spec"]["workflow"] == workflow]


def test_a_delivery_by_curl_becomes_a_run_that_ends(
    story: Story, receiver: ReceiverProcess, tmp_path: Path
) -> None:
    """Signed by openssl; its values are parameters, and it starts nothing a second time."""
    hooked(
        story,
        "by-curl",
        params=[{"name": "sha", "default": "none"}],
        webhook={"params": [{"name": "sha", "expression": "payload.after"}]},
    )
    body = tmp_path / "body.json"
    body.write_bytes(body_of(PUSH))
    script = (
        'signature=$(openssl dgst -sha256 -hmac "$SECRET" -r < "$BODY" | cut -d" " -f1)\n'
        'curl -sS -w "\\n%{http_code}" --data-binary @"$BODY" -H "X-GitHub-Delivery: by-curl-1"'
        ' -H "X-GitHub-Event: push" -H "X-Hub-Signature-256: sha256=$signature" "$URL"'
    )
    variables = {
        "SECRET": SECRET,
        "BODY": str(body),
        "URL": url(story, receiver, "by-curl"),
        "PATH": "/usr/local/bin:/usr/bin:/bin",
    }

    def curl() -> tuple[int, dict[str, str]]:
        done = subprocess.run(  # noqa: S603 - our own words
            ["/bin/sh", "-c", script], env=variables, capture_output=True, text=True, check=True
        )
        text, _, code = done.stdout.rpartition("\n")
        return int(code), json.loads(text)

    status, told = curl()
    assert 201 == status
    run = story.ended(told["run"])
    assert "True" == condition(run)["status"]
    assert ("Webhook", {"id": "by-curl-1"}) == (run["spec"]["trigger"], run["spec"]["delivery"])
    assert [{"name": "sha", "value": "c0ffee"}] == run["spec"]["params"]
    assert (200, "Repeated") == (curl()[0], curl()[1]["reason"])
    assert 1 == len(runs_of(story, "by-curl"))


def test_the_receiver_may_do_what_the_table_says_and_no_more(
    story: Story,
    receiver: ReceiverProcess,  # noqa: ARG001 - its account must be there
) -> None:
    """By the API server's own judgement; of Secrets, only the one that is named."""
    user = f"system:serviceaccount:{story.namespace}:{ACCOUNT}"
    verbs = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
    kinds = ("workflows", "workflowruns", "taskruns", "approvals", "pools", "backfills")
    asked: list[Right] = [
        (verb, resource, story.namespace)
        for verb in verbs
        for resource in (
            *(f"{kind}.headrace.dev" for kind in kinds),
            *(f"{kind}.headrace.dev/status" for kind in kinds),
            *("jobs.batch", "pods", "pods/exec", "configmaps", "secrets", "serviceaccounts"),
            *("roles.rbac.authorization.k8s.io", "events", "namespaces"),
        )
    ]
    want = {
        (verb, f"{resource}.{group}", story.namespace)
        for (group, resource), granted in RIGHTS.items()
        if group
        for verb in granted.split()
    }
    assert want == allowed(story.kubectl, user, asked)
    elsewhere = [(verb, resource, "default") for verb, resource, _ in asked]
    assert set() == allowed(story.kubectl, user, elsewhere)
    can = ("auth", "can-i", "get", f"--as={user}")
    assert "yes" == story.kubectl(*can, "secret/github").strip()


def test_a_secret_that_is_not_named_opens_nothing(story: Story, receiver: ReceiverProcess) -> None:
    """The sender is told nothing; the log names the Secret and the cure."""
    hooked(story, "closed", webhook={"secretRef": {"name": "other"}})
    body = body_of(PUSH)

    told = asyncio.run(send(url(story, receiver, "closed"), body, as_github(body)))

    assert (401, "Refused") == (told.status, told.reason)
    log = receiver.log.read_text()
    assert f"Secret {story.namespace}/other: the receiver may not read it" in log
    assert SECRET not in log


def test_the_runs_of_deliveries_wait_their_turn(story: Story, receiver: ReceiverProcess) -> None:
    """As the policy of the workflow says: none is lost, and one runs at a time."""
    hooked(story, "in-turn", concurrency={"policy": "Queue"})
    body = body_of(PUSH)
    told = [
        asyncio.run(send(url(story, receiver, "in-turn"), body, as_github(body, f"t-{number}")))
        for number in range(3)
    ]
    runs = [story.ended(str(each.run)) for each in told]
    spans = sorted((run["status"]["startTime"], run["status"]["completionTime"]) for run in runs)
    assert all(end <= begin for (_, end), (begin, _) in pairwise(spans))


def test_a_receiver_that_is_killed_loses_no_delivery_that_it_has_accepted(
    story: Story, controller: ControllerProcess, receiver: ReceiverProcess
) -> None:
    """
    200 deliveries, and SIGKILL in the middle, twice.

    Senders repeat what had no answer, as real ones do. Each that was told 2xx has its run, and none
    has two.
    """
    hooked(story, "struck")
    controller.kill()  # No pods are of interest, only runs.
    answers: dict[str, list[Told]] = {f"s-{number}": [] for number in range(MANY)}

    asyncio.run(_deliver_all(url(story, receiver, "struck"), answers, receiver))

    accepted = {name: told[-1].run for name, told in answers.items()}
    assert MANY == len(set(accepted.values()))
    runs = {run["spec"]["delivery"]["id"]: run for run in runs_of(story, "struck")}
    assert accepted == {name: run["metadata"]["name"] for name, run in runs.items()}
    assert MANY == len(runs_of(story, "struck"))
    story.kubectl("delete", "workflow", "struck")
    story.kubectl("delete", "workflowruns", "--selector=headrace.dev/workflow=struck")
    controller.start()


async def _deliver_all(
    where: str, answers: dict[str, list[Told]], receiver: ReceiverProcess
) -> None:
    """Deliver all, some at once, while the receiver is killed and started again."""
    places = asyncio.Semaphore(AT_ONCE)
    parts = {MANY // 3: asyncio.Event(), 2 * MANY // 3: asyncio.Event()}

    async def deliver(name: str) -> None:
        body = body_of(PUSH)
        while not any(told.status in {200, 201} for told in answers[name]):
            async with places:
                try:
                    answers[name].append(await send(where, body, as_github(body, name)))
                    parts.get(sum(map(bool, answers.values())), asyncio.Event()).set()
                except (aiohttp.ClientError, OSError):
                    await asyncio.sleep(0.1)

    async def strike() -> None:
        for part in parts.values():
            await part.wait()
            receiver.kill()
            await asyncio.to_thread(receiver.start)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(strike())
        for name in answers:
            tasks.create_task(deliver(name))


def test_a_receiver_ends_in_order(story: Story, receiver: ReceiverProcess) -> None:
    """It says so to probes, takes deliveries a little longer, and leaves with exit code 0."""
    hooked(story, "last")
    assert 0 == receiver.end()
    receiver.start()
    body = body_of(PUSH)
    told = asyncio.run(send(url(story, receiver, "last"), body, as_github(body)))
    assert 201 == told.status
