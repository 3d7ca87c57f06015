"""
Leaves: texts in which expressions stand in `${{ }}`.

Knows where an expression ends. Does not know what it means.
"""

from collections.abc import Iterator

from headrace.engine.definition.expressions.lexical import PIECES
from headrace.engine.definition.expressions.types import Expression, Failure, Template

OPEN, CLOSE = "${{", "}}"


def parse_leaf(text: str) -> Template | Failure:
    """Return a leaf's pieces in their order; a text without `${{` is its own only piece."""
    parts: list[str | Expression] = []
    at = 0
    for begin, end in _expressions(text):
        if end is None:
            return Failure(
                text[begin:],
                begin + 1,
                f"{OPEN} is not closed; close it with {CLOSE}, and a text in it with its quote",
            )
        source = text[begin + len(OPEN) : end]
        if not source.strip():
            return Failure(text[begin : end + len(CLOSE)], begin + 1, "the expression is empty")
        parts.extend(piece for piece in (text[at:begin],) if piece)
        column = begin + len(OPEN) + len(source) - len(source.lstrip()) + 1
        parts.append(Expression(source.strip(), column=column))
        at = end + len(CLOSE)
    parts.extend(piece for piece in (text[at:],) if piece)
    return Template(tuple(parts))


def _expressions(text: str) -> Iterator[tuple[int, int | None]]:
    """Yield where each expression opens and closes; None: nothing closes it."""
    begin = text.find(OPEN)
    while begin >= 0:
        end = _end(text, begin + len(OPEN))
        yield begin, end
        begin = -1 if end is None else text.find(OPEN, end + len(CLOSE))


def _end(text: str, at: int) -> int | None:
    """Find what closes an expression, outside of its texts and mappings."""
    depth = 0
    while (piece := PIECES.search(text, at)) is not None:
        at = piece.end()
        if piece["mark"] == "{":
            depth += 1
        elif piece["mark"] == "}" and depth:
            depth -= 1
        elif text.startswith(CLOSE, piece.start()):
            return piece.start()
    return None
