"""The receiver as the chart installs it: its image, its Service, under restricted Pod Security."""

import asyncio
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing

import aiohttp
import pytest

from cluster.control import Stage
from cluster.fixtures import Program
from cluster.installation import RESTRICTED, Release, load_image
from cluster.story import SUCCEED, Story, condition, task
from support.deliveries import SECRET, Told, as_github, body_of, send

pytestmark = pytest.mark.cluster

STAMP = "headrace.dev/requested-by"
SECONDS = 60.0


@pytest.fixture(scope="module")
def team(shared_stage: Stage) -> Story:
    """Return a namespace whose workflows take deliveries."""
    return shared_stage.story(shared_stage.namespace(RESTRICTED))


@pytest.fixture(scope="module")
def release(shared_stage: Stage, helm: Program, team: Story) -> Iterator[Release]:
    """Return Headrace with two receivers, in a namespace for restricted pods."""
    load_image(shared_stage.cluster)
    shared_stage.cluster.provide_image("busybox:1.37")
    team.kubectl("create", "secret", "generic", "github", f"--from-literal=secret={SECRET}")
    it = Release(shared_stage.namespace(RESTRICTED), shared_stage.kubectl, helm)
    named = [{"namespace": team.namespace, "secrets": ["github"]}]
    it.install(
        f'watchNamespaces=["{team.namespace}"]',
        "crds.enabled=false",
        "receiver.enabled=true",
        f"receiver.namespaces={json.dumps(named)}",
    )
    yield it
    it.uninstall()


@pytest.fixture(scope="module")
def port(shared_stage: Stage, release: Release) -> Iterator[int]:
    """Return a port of this machine that leads to the Service of the receivers."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    forward = subprocess.Popen(  # noqa: S603 - our own words
        [
            *("kubectl", "port-forward", "--namespace", release.home),
            *("service/headrace-receiver", f"{port}:80"),
        ],
        env=shared_stage.environ(),
        stdout=subprocess.DEVNULL,
    )
    yield port
    forward.terminate()
    forward.wait()


def delivered(url: str, delivery: str) -> Told:
    """Deliver as GitHub does, once the way there is open."""
    body = body_of({"after": "c0ffee"})
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            return asyncio.run(send(url, body, as_github(body, delivery)))
        except (aiohttp.ClientError, OSError):
            assert time.monotonic() < deadline
            time.sleep(0.2)


def test_the_installed_receiver_starts_a_run(release: Release, team: Story, port: int) -> None:
    """Which ends well, and says who has asked for it: the receiver, for somebody with a secret."""
    webhook = {"scheme": "GitHub", "secretRef": {"name": "github"}}
    team.workflow("pushed", task("t", SUCCEED), triggers=[{"webhook": webhook}])
    url = f"http://127.0.0.1:{port}/webhooks/{team.namespace}/pushed"
    team.until("it takes deliveries", lambda: delivered(url, "d-1").status in {200, 201})

    again = delivered(url, "d-1")

    assert "Repeated" == again.reason
    run = team.ended(str(again.run))
    assert "True" == condition(run)["status"]
    account = f"system:serviceaccount:{release.home}:headrace-receiver"
    assert account == run["metadata"]["annotations"][STAMP]
    assert 401 == delivered(url.replace("pushed", "nobody"), "d-2").status
