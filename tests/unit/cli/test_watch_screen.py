"""`headrace watch` at a terminal: a table that stays, on a screen of its own."""

from support.screen import Terminal
from support.window import CommandStage, conditions, revision, run, task


def put(cluster: CommandStage, tasks: int, message: str = "") -> None:
    """Put a run whose first task runs."""
    cluster.put(run("r", revision="stock-1", progress="0/2"))
    cluster.put(revision("stock-1", *({"name": f"t{number}"} for number in range(tasks))))
    cluster.put(task("r", "t0", message=message))


def end(cluster: CommandStage, status: str, reason: str) -> None:
    done = conditions("Succeeded", status, reason)
    cluster.set_status(task("r", "t0"), {"conditions": done})
    cluster.set_status(run("r"), {"conditions": done})


async def watch(cluster: CommandStage, width: int = 80, height: int = 10) -> Terminal:
    """Return a terminal at which somebody watches the run."""
    terminal = Terminal(width, height)
    words = ("watch", "r", "--every", "0.2", "--kubeconfig", str(cluster.kubeconfig))
    await terminal.start(*words)
    return terminal


async def test_a_table_stays_in_its_place_until_the_run_ends(cluster: CommandStage) -> None:
    """Then it stands on the usual screen, with how the run ended and the cursor below it."""
    put(cluster, 2)
    terminal = await watch(cluster)
    lines = await terminal.shows(r"^t0 +Running")
    assert (True, False) == (terminal.screen.other, terminal.screen.cursor)
    assert lines[0].startswith("r  Running  0/2")
    assert ["TASK", "t0", "t1"] == [line.split()[0] for line in lines[1:4]]
    assert [] == terminal.screen.kept

    end(cluster, "False", "Failed")
    assert 1 == await terminal.ended()
    screen = terminal.screen
    assert (False, True, True) == (screen.other, screen.cursor, screen.wraps)
    assert ["TASK", "t0", "t1", "run"] == [line.split()[0] for line in screen.lines if line]
    assert "run r: Failed" in screen.lines


async def test_what_does_not_fit_is_counted(cluster: CommandStage) -> None:
    """Also after somebody has made the window smaller; nothing scrolls."""
    put(cluster, 30)
    terminal = await watch(cluster)
    assert 9 == len([line for line in await terminal.shows(r"… and 24 more") if line])
    terminal.resize(80, 7)
    assert 6 == len([line for line in await terminal.shows(r"… and 27 more") if line])
    end(cluster, "True", "Succeeded")
    assert 0 == await terminal.ended()


async def test_a_long_line_moves_no_other(cluster: CommandStage) -> None:
    """It is cut at the edge of the window."""
    put(cluster, 2, message=f"begin {'x' * 300} end")
    terminal = await watch(cluster, width=60)
    lines = await terminal.shows(r"^t0 +Running")
    assert "begin x" in lines[2]
    assert ("t1", True) == (lines[3].split()[0], all(len(line) <= 60 for line in lines))
    end(cluster, "True", "Succeeded")
    assert 0 == await terminal.ended()


async def test_ctrl_c_gives_the_terminal_back(cluster: CommandStage) -> None:
    """The run goes on without us."""
    put(cluster, 1)
    terminal = await watch(cluster)
    await terminal.shows(r"^t0 +Running")
    terminal.type("\x03")
    assert 130 == await terminal.ended()
    screen = terminal.screen
    assert (False, True, True) == (screen.other, screen.cursor, screen.wraps)
