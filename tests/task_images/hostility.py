"""
Hostile texts, and what must not happen because of them: `hostile`.

    def test_...(hostile: Hostile, forked: Fork, tmp_path: Path) -> None:
        sql = forked("sql", tmp_path)
        done = sql.run_all({"statement": "SELECT :a", "values": {"a": x}} for x in hostile.texts)
        hostile.check(done, hosts={"127.0.0.1"})

The texts are the same each time: what shells, SQL, templates, paths and headers take for more than
text. `check` demands of each run a documented exit code and no traceback, and of all together that
no process was started, no file `touched` was made, and no address was asked for that is not named.
What became of each text, the test itself must compare.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from support.hostile_text import hostile_texts
from task_images.programs import Ended

COUNT: Final = 1_000
CODES: Final = frozenset({0, 2, 3, 75})
STARTS: Final = (
    *("subprocess.", "pty."),
    *(f"os.{each}" for each in ("system", "exec", "posix_spawn", "spawn", "fork")),
)
ASKS: Final = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")


def own_texts(trap: str) -> list[str]:
    """Return texts that would make a file, or ask a host, if they were taken for code."""
    return [
        f"$(touch {trap})",
        f"`touch {trap}`",
        f"; touch {trap} #",
        f"| touch {trap}",
        f"'; COPY (SELECT 1) TO PROGRAM 'touch {trap}'; --",
        f"'; COPY (SELECT 1) TO '{trap}'; --",
        f"' INTO OUTFILE '{trap}",
        f"__import__('os').system('touch {trap}')",
        f"{{{{ ''.__class__.__mro__[1].__subclasses__() }}}} {trap}",
        f"!!python/object/apply:os.system ['touch {trap}']",
        f"file://{trap}",
        "'; DROP TABLE x; --",
        "' OR '1'='1",
        '"; DROP TABLE x; --',
        "x'); DELETE FROM x; --",
        "\\'; DROP TABLE x; --",
        "%s %(a)s :a ? $1 {a}",
        "%27%20OR%201=1",
        "\r\nX-Evil: 1\r\n\r\n",
        "a\x01b",
        "../../../../etc/passwd",
        "..\\..\\x",
        "-rf",
        "--help",
        "=cmd|' /C calc'!A0",
        "http://evil.example.com/x",
        "@evil.example.com/",
        "//evil.example.com/x",
        "evil.example.com:1/x#",
        "http://169.254.169.254/latest/meta-data/",
        "a" * 5_000,
        "NULL",
        "nan",
        "'",
        "''",
        "\\",
    ]


@dataclass(frozen=True)
class Hostile:
    """Texts, and the file that none of them may make."""

    texts: Sequence[str]
    trap: Path

    def check(self, ended: Sequence[Ended], hosts: Collection[str] = ()) -> None:
        """Demand that texts were data: no process, no other host, no traceback."""
        assert not self.trap.exists(), "a text was executed"
        for done in ended:
            assert done.code in CODES, done
            assert "Traceback" not in done.errors, done.errors
            for event, *given in done.deeds:
                assert not event.startswith(STARTS), (event, given)
                if event.startswith(ASKS):
                    where = " ".join(map(str, given))
                    assert any(host in where for host in hosts), (event, given)


@pytest.fixture
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Hostile:
    """Return a thousand texts. No NUL is among them: no variable of a process can have one."""
    trap = tmp_path_factory.mktemp("trap") / "touched"
    own = own_texts(str(trap))
    return Hostile([*own, *hostile_texts(COUNT - len(own))], trap)
