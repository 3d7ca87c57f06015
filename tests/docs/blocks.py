"""
Fenced blocks of Markdown pages, and what a comment before one asks of the tests.

Knows fences (https://spec.commonmark.org/0.31.2/#fenced-code-blocks) and the words of the comments:

    <!-- test: skip, REASON -->                       the block is not run
    <!-- test: empty cluster -->                      nothing of Headrace is there before the block
    <!-- test: empty cluster, namespaces ONE, TWO --> and these namespaces are
    <!-- test: hello has run -->                      Headrace is installed, hello.yaml has run

Runs nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[\w-]*)\s*$")
_NOTE = re.compile(r"^ *<!-- test: (?P<words>.*?) -->\s*$")
_EMPTY = re.compile(r"empty cluster(?:, namespaces (?P<names>[a-z0-9, -]+))?")
_HELLO = "hello has run"
_VERBS = (
    "approve|cancel|explain|list|logs|pause|rerun|resume|schedule|show|start|stop|terminate|watch"
    r"|backfill(?! \S+\.yaml)"
)
_CLUSTER = re.compile(
    rf"\b(?:kubectl|helm)\b|\bmake cluster\b|\bheadrace (?:{_VERBS})\b(?!.*--(?:local|state)\b)"
)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block."""

    page: Path
    """Relative to the repository."""
    line: int
    """Of the opening fence, from 1."""
    language: str
    text: str
    note: str
    """What the comment right before it says, or nothing."""

    @property
    def place(self) -> str:
        """Where a person finds it."""
        return f"{self.page}:{self.line}"

    @property
    def skip(self) -> str | None:
        """Why it is not run; None where it is."""
        return self.note.removeprefix("skip").lstrip(", ") if self.note.startswith("skip") else None

    @property
    def empty_cluster(self) -> tuple[str, ...] | None:
        """The namespaces that an otherwise empty cluster has; None where any cluster will do."""
        asked = _EMPTY.fullmatch(self.note)
        if asked is None:
            return None
        return tuple(name.strip() for name in (asked["names"] or "").split(",") if name.strip())

    @property
    def after_hello(self) -> bool:
        """Whether the workflow of the tutorial's beginning must have run."""
        return self.note == _HELLO

    @property
    def needs_cluster(self) -> bool:
        """Whether one of its commands speaks to a cluster."""
        return _CLUSTER.search(self.text) is not None

    @property
    def headings(self) -> tuple[str, ...]:
        """The column names, if the block is a table as kubectl prints it."""
        first = self.text.partition("\n")[0]
        names = re.split(r"\s{2,}", first.strip())
        return tuple(names) if len(names) > 1 and first == first.upper() else ()

    @property
    def note_is_known(self) -> bool:
        """Whether the comment is one of the known."""
        known = (self.skip is not None, self.empty_cluster is not None, self.after_hello)
        return not self.note or any(known)


@dataclass(frozen=True, slots=True)
class Step:
    """Commands, and what the page shows of their output right after them, if it does."""

    commands: Block
    shown: Block | None


def steps(page: Path) -> list[Step]:
    """Return what a reader of a page does, in order; blocks that are not run are left out."""
    found = blocks(page)
    following = (*found[1:], None)
    return [
        Step(block, after if after is not None and not after.language else None)
        for block, after in zip(found, following, strict=False)  # a page may have no block
        if block.language == "sh" and block.skip is None
    ]


def pages() -> list[Path]:
    """Return the pages whose commands are run, relative to the repository."""
    found = (ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*/*.md"))
    return sorted(page.relative_to(ROOT) for page in found)


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    return list(_blocks(page, (ROOT / page).read_text().splitlines()))


def _blocks(page: Path, lines: list[str]) -> Iterator[Block]:
    opened: tuple[int, str, str] | None = None  # line, indentation, language
    inside: list[str] = []
    for number, line in enumerate(lines, start=1):
        fence = _FENCE.match(line)
        if opened is None:
            if fence is not None:
                opened, inside = (number, fence["indent"], fence["language"]), []
        elif fence is not None and not fence["language"]:
            start, indent, language = opened
            text = "\n".join(each.removeprefix(indent) for each in inside)
            yield Block(page, start, language, text, _note_before(lines, start))
            opened = None
        else:
            inside.append(line)
    assert opened is None, f"{page}:{opened and opened[0]}: this block has no end"


def _note_before(lines: list[str], start: int) -> str:
    said = _NOTE.match(lines[start - 2]) if start > 1 else None
    return said["words"] if said is not None else ""
