"""Size is a smell with a number: the limits of the style guide, over the whole source tree."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "operator"
FILES = sorted(SOURCE.rglob("*.py"))
NAMES = [str(path.relative_to(SOURCE)) for path in FILES]

ENGINE_FUNCTION, FUNCTION, FILE = 30, 50, 300
"""The most lines of a function (without its docstring) in the engine and elsewhere; of a file."""

EMPTY_WORDS = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
"""Names of modules that say nothing of what is in them."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def parsed(path: Path) -> ast.Module:
    """Return a file as a tree: three tests look at it."""
    return ast.parse(path.read_text())


def functions(path: Path) -> Iterator[Function]:
    """Yield all functions of a file, those inside of others too."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, Function):
            yield node


def length(function: Function) -> int:
    """Count the lines of a function from `def` to its end, without its docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_functions_fit_on_a_screen(path: Path) -> None:
    """A function of the engine has at most 30 lines, any other at most 50."""
    most = ENGINE_FUNCTION if "engine" in path.parts else FUNCTION
    assert {} == {each.name: length(each) for each in functions(path) if length(each) > most}


def one_list_of_words(path: Path) -> bool:
    """Whether the file is a single enum without code: a dictionary, which Python cannot split."""
    *head, last = parsed(path).body
    return (
        isinstance(last, ast.ClassDef)
        and all(isinstance(node, ast.Expr | ast.Import | ast.ImportFrom) for node in head)
        and all(isinstance(node, ast.Expr | ast.Assign) for node in last.body)
    )


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_files_fit_in_a_head(path: Path) -> None:
    """A file has at most 300 lines. Only a list of words may have more: nobody reads it through."""
    assert len(path.read_text().splitlines()) <= FILE or one_list_of_words(path)


def test_one_list_of_words_is_known() -> None:
    """Reasons are such a list. A file with code is none, and the size of the others counts."""
    lists = [name for path, name in zip(FILES, NAMES, strict=True) if one_list_of_words(path)]
    assert "headrace/api/v1alpha1/reasons.py" in lists
    assert "headrace/cli/main.py" not in lists


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_modules_say_what_they_know(path: Path) -> None:
    """Each module opens with a docstring, and none has a name that says nothing."""
    assert ast.get_docstring(parsed(path))
    assert path.stem not in EMPTY_WORDS


def test_the_source_root_is_no_package() -> None:
    """`operator` is a module of the standard library: as a package, ours would hide it."""
    assert not (SOURCE / "__init__.py").exists()


def test_the_measure_counts_what_it_says() -> None:
    """The docstring and what stands above `def` do not count; everything else does."""
    text = '@first\ndef one() -> None:\n    """\n    Two.\n    """\n\n    return None\n'
    (one,) = [node for node in ast.walk(ast.parse(text)) if isinstance(node, Function)]
    assert length(one) == 3
