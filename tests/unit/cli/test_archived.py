"""Commands over runs of the past: `headrace.cli.window.archive`, with a cluster and without."""

from datetime import timedelta
from pathlib import Path

import pytest

from headrace.archive.ledger.database import open_database, upgrade
from headrace.archive.ledger.writing import Writer
from support.kept_runs import kept
from support.window import NOW, CommandStage, command, conditions, run

FAILED = conditions("Succeeded", "False", "Failed", "load exited with 1")
MISSING = "there is no WorkflowRun 'stock-1' in the archive of namespace default"


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Return the URL of an archive with three runs."""
    made = f"sqlite:///{tmp_path}/archive.db"
    engine = open_database(made)
    upgrade(engine)
    writer = Writer(engine)
    for item in (
        kept("stock-1", created=NOW - timedelta(days=3)),
        kept("stock-2", "Failed", conditions=FAILED, created=NOW - timedelta(days=2)),
        kept("prices-1", workflow="prices", created=NOW - timedelta(days=1)),
        kept("other-1", namespace="other"),
    ):
        writer.keep(item, NOW)
    engine.dispose()
    return made


def first_words(lines: list[str]) -> list[str]:
    """Return the first column of a table."""
    return [line.split()[0] for line in lines[1:]]


async def test_a_list_shows_the_cluster_and_the_archive_as_one(
    cluster: CommandStage, url: str
) -> None:
    """Newest first; here, the cluster's clock is weeks behind."""
    cluster.put(run("stock-3"))
    shown = await cluster.call("list", "--archived", "--archive-url", url)
    assert (0, "") == (shown.code, shown.err)
    assert ["prices-1", "stock-2", "stock-1", "stock-3"] == first_words(shown.lines)


@pytest.mark.parametrize(
    ("words", "want"),
    [
        pytest.param(["-w", "prices"], ["prices-1"], id="of a workflow"),
        pytest.param(["-s", "failed"], ["stock-2"], id="of a status"),
        pytest.param(["--name", "ces"], ["prices-1"], id="of a part of a name"),
        pytest.param(["-A", "-o", "name"], ["prices-1", "stock-2"], id="of all namespaces"),
    ],
)
async def test_a_list_of_the_past_is_narrowed_as_any_other(
    cluster: CommandStage, url: str, words: list[str], want: list[str]
) -> None:
    """The same options mean the same runs."""
    shown = await cluster.call("list", "--archived", "--archive-url", url, *words)
    assert 0 == shown.code
    assert all(name in shown.out for name in want)
    assert ("stock-1" in shown.out) is ("-A" in words)


async def test_more_runs_than_asked_for_are_told(cluster: CommandStage, url: str) -> None:
    """As for those of the cluster."""
    shown = await cluster.call("list", "--archived", "--archive-url", url, "--limit", "2")
    assert ["prices-1", "stock-2"] == first_words(shown.lines)
    assert "there are more; --limit 0 shows all\n" == shown.err


async def test_an_archived_run_is_shown_explained_and_its_logs_are_read(
    cluster: CommandStage, url: str
) -> None:
    """With the same words as in the cluster; the variable names the archive for all commands."""
    shown = await cluster.call("show", "stock-2", HEADRACE_ARCHIVE_URL=url)
    assert 0 == shown.code, shown.err
    assert "Failed" in shown.out
    assert ["extract", "load"] == [line.split()[0] for line in shown.lines[-2:]]
    task = await cluster.call("show", "stock-2", "load", HEADRACE_ARCHIVE_URL=url)
    assert "stock-2-load-1" in task.out
    explained = await cluster.call("explain", "stock-2", HEADRACE_ARCHIVE_URL=url)
    assert "load exited with 1" in explained.out
    logs = await cluster.call("logs", "stock-2", HEADRACE_ARCHIVE_URL=url)
    assert ["extract | one", "extract | two"] == logs.lines
    last = await cluster.call("logs", "stock-2", "--tail", "1", HEADRACE_ARCHIVE_URL=url)
    assert ["extract | two"] == last.lines


async def test_a_run_of_the_cluster_is_the_clusters(cluster: CommandStage, url: str) -> None:
    """An archived run of the same name is another, older one."""
    cluster.put(run("stock-2", "Running", "3 of 4 tasks run"))
    shown = await cluster.call("explain", "stock-2", "--archive-url", url)
    assert "load exited with 1" not in shown.out
    assert "Running" in (await cluster.call("show", "stock-2", "--archive-url", url)).out


async def test_a_run_that_nobody_has(cluster: CommandStage, url: str) -> None:
    """The exit code says so."""
    shown = await cluster.call("show", "stock-9", "--archive-url", url)
    assert 3 == shown.code
    assert "there is no WorkflowRun 'stock-9'" in shown.err


def test_without_a_cluster_the_archive_answers_alone(url: str, tmp_path: Path) -> None:
    """The cluster may be gone for good; so it is in the pod of the archive itself."""
    nowhere = {"KUBECONFIG": str(tmp_path / "none"), "HEADRACE_ARCHIVE_URL": url}
    listed = command("list", "--archived", "-n", "shop", **nowhere)
    assert (0, ["prices-1", "stock-2", "stock-1"]) == (listed.code, first_words(listed.lines))
    assert "succeeded" in command("explain", "stock-1", "-n", "shop", **nowhere).out.lower()
    missing = command("logs", "stock-1", **nowhere)
    assert (3, True) == (missing.code, missing.err.startswith(MISSING))


@pytest.mark.parametrize(
    ("words", "want"),
    [
        pytest.param(["list", "--archived"], "no archive is named; give --archive-url", id="none"),
        pytest.param(
            ["list", "workflows", "--archived", "--archive-url", "URL"],
            "--archived: workflows are not archived; leave it out",
            id="another kind",
        ),
        pytest.param(
            ["list", "--archived", "-l", "a=b", "--archive-url", "URL"],
            "--selector does not reach the archive",
            id="a selector",
        ),
        pytest.param(
            ["show", "x", "--local", "--archive-url", "URL"],
            "--local and --state mean this machine",
            id="a laptop",
        ),
        pytest.param(
            ["show", "x", "--archive-url", "sqlite:////nowhere/archive.db"],
            "the archive at sqlite:////nowhere/archive.db gives no answer: unable to open",
            id="no such file",
        ),
    ],
)
async def test_what_cannot_be_asked_is_told_with_its_cure(
    cluster: CommandStage, url: str, words: list[str], want: str
) -> None:
    """In one sentence."""
    shown = await cluster.call(*(url if word == "URL" else word for word in words))
    assert shown.code in (2, 5)
    assert want in shown.err


async def test_a_run_is_forgotten(cluster: CommandStage, url: str) -> None:
    """Only what is meant: it cannot be undone."""
    asked = await cluster.call("archive", "forget", "stock-1", "--archive-url", url)
    assert 1 == asked.code
    assert "forget run stock-1 of namespace shop for good?" in asked.out
    done = await cluster.call(
        "archive", "forget", "run/stock-1", "--yes", "--asked-by", "bob", "--archive-url", url
    )
    assert (0, "run stock-1 is forgotten\n") == (done.code, done.out)
    shown = await cluster.call("show", "stock-1", "--archive-url", url)
    again = await cluster.call("archive", "forget", "stock-1", "--archive-url", url)
    assert (3, 3) == (shown.code, again.code)
    assert "did you mean 'stock-2'?" in again.err.lower()
