"""What commands say when no answer comes: one sentence, and an exit code of its own."""

import asyncio
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from support.window import CommandStage, approval, command, kubeconfig, revision, run, workflow

NIGHT = "2030-01-01T00:00:00Z"
FORBIDDEN = {
    "kind": "Status",
    "reason": "Forbidden",
    "message": 'workflowruns.headrace.dev is forbidden: User "bob" cannot list resource'
    ' "workflowruns" in API group "headrace.dev" in the namespace "shop"',
}
NO_CRD = {
    "kind": "Status",
    "reason": "NotFound",
    "message": "the server could not find the requested resource",
    "details": {},
}
LOADED = """
import json, sys
from headrace.cli.main import main
try:
    main()
except SystemExit as end:
    code = end.code
heavy = ("aiohttp", "msgspec", "kubernetes", "pydantic", "asyncio", "rich", "sqlite3")
print(json.dumps([code, [name for name in heavy if name in sys.modules]]))
"""


def written(folder: Path, **more: str) -> str:
    path = folder / "config"
    path.write_text(yaml.safe_dump(kubeconfig(**more)))
    return str(path)


def test_no_kubeconfig(tmp_path: Path) -> None:
    """A new machine, and no folder of state either."""
    shown = command("list", KUBECONFIG="", HOME=str(tmp_path))
    assert (5, "") == (shown.code, shown.out)
    assert (
        "no cluster is known here: KUBECONFIG and ~/.kube/config name none; name a file with"
        " --kubeconfig\n"
    ) == shown.err


def test_a_kubeconfig_that_does_not_exist(tmp_path: Path) -> None:
    """Somebody named it, so no other is taken."""
    shown = command("list", "--kubeconfig", str(tmp_path / "none"))
    assert (5, f"--kubeconfig: there is no file {tmp_path / 'none'}; name another\n") == (
        shown.code,
        shown.err,
    )


def test_a_context_that_does_not_exist(tmp_path: Path) -> None:
    """The nearest name is told."""
    config = written(tmp_path, url="http://127.0.0.1:1")
    shown = command("list", "--kubeconfig", config, "--context", "hre")
    assert 5 == shown.code
    assert "--context: the kubeconfig has no context 'hre'; did you mean 'here'?\n" == shown.err


def test_nobody_listens(tmp_path: Path) -> None:
    """The server, the context, the cause and the cure are in one line."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    shown = command("list", "--kubeconfig", written(tmp_path, url=url))
    assert (5, 1) == (shown.code, len(shown.err.splitlines()))
    assert (
        f"the API server {url} of context 'here' cannot be reached: connection refused; check the"
        " network, or choose another context with --context\n"
    ) == shown.err


async def test_a_token_that_has_expired(cluster: CommandStage) -> None:
    """The API server says only 401."""
    config = written(cluster.folder, url=cluster.url, token="old")  # noqa: S106 - no secret
    shown = await asyncio.to_thread(command, "list", "--kubeconfig", config)
    assert 5 == shown.code
    assert (
        f"the API server {cluster.url} of context 'here' does not accept your credentials: they"
        " are wrong or have expired; log in again\n"
    ) == shown.err


async def test_a_right_that_is_missing(cluster: CommandStage) -> None:
    """The API server's own words, which name user, verb and namespace, and whom to ask."""
    cluster.refuse["GET workflowruns"] = (403, FORBIDDEN)
    shown = await cluster.call("list")
    assert (4, 1) == (shown.code, len(shown.err.splitlines()))
    assert 'User "bob" cannot list resource "workflowruns"' in shown.err
    assert shown.err.endswith("ask who administers the cluster for this right\n")


async def test_a_cluster_without_headrace(cluster: CommandStage) -> None:
    """The API server says only that it knows no such path."""
    cluster.refuse["GET workflowruns"] = (404, NO_CRD)
    shown = await cluster.call("show", "a")
    assert 5 == shown.code
    assert (
        "the cluster has no workflowruns of headrace.dev/v1alpha1: Headrace's CRDs are not"
        " installed there; install the chart headrace-crds\n"
    ) == shown.err


@pytest.mark.parametrize("status", [500, 503])
async def test_a_server_that_is_not_well(cluster: CommandStage, status: int) -> None:
    """Its words are shown, whatever they are."""
    cluster.refuse["GET workflowruns"] = (status, {"message": "etcd is away"})
    shown = await cluster.call("list")
    assert (4, "etcd is away\n") == (shown.code, shown.err)


async def test_local_and_cluster_exclude_each_other(cluster: CommandStage) -> None:
    """Nobody steers a run of another place than was meant."""
    shown = await cluster.call("list", "--local", "--context", "here")
    assert 2 == shown.code
    assert shown.err.startswith("--local and --state mean this machine; leave them out, or")


async def test_hostile_text_moves_no_cursor(cluster: CommandStage) -> None:
    """A message in a status may come from anybody."""
    cluster.put(run("a", "Failed", "\x1b[2J\x07 gone\r\nfake   Succeeded"))
    for words in (["list", "-o", "wide"], ["show", "a"], ["list", "-o", "json"]):
        shown = await cluster.call(*words)
        assert not {"\x1b", "\x07", "\r"} & set(shown.out)


@pytest.mark.parametrize(
    "words",
    [
        "list",
        "show run/a",
        "start stock --param rows=1 --print",
        "schedule next stock",
        "approve a --print",
        "rerun old --param rows=1 --print",
        f"backfill stock --from {NIGHT} --to {NIGHT} --param rows=1 --print",
        f"backfill stock --from {NIGHT} --to 2030-01-02T00:00:00Z --dry-run --param rows=1",
        f"backfill stock --from {NIGHT} --to {NIGHT} --param rows=1 --step day --dry-run",
        "pause a --print",
    ],
)
async def test_a_command_over_a_cluster_loads_little(cluster: CommandStage, words: str) -> None:
    """To load aiohttp, or pydantic, would take longer than the whole answer may."""
    schedule = {"schedule": {"cron": "30 2 * * *", "timeZone": "Europe/Berlin"}}
    rows = {"name": "rows", "type": "Integer", "enum": [1, 2]}
    cluster.put(workflow(spec={"params": [rows], "triggers": [schedule]}))
    cluster.put(run("a"))
    cluster.put(run("old", "Failed", revision="stock-1"))
    cluster.put(revision("stock-1", params=[rows]))
    cluster.put(approval("a", "ask"))
    code, last = await loaded(cluster, *words.split())
    assert (0, []) == (code, last)


async def loaded(cluster: CommandStage, *words: str) -> tuple[int, list[str]]:
    """Return the exit code of a command in a process of its own, and the slow libraries there."""
    given = [*words, "--kubeconfig", str(cluster.kubeconfig)]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", LOADED, *given), stdout=subprocess.PIPE
    )
    out, _ = await process.communicate()
    code, slow = json.loads(out.splitlines()[-1])
    return code, slow
