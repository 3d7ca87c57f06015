"""`headrace validate` over the broken manifests: each is told with field and cure."""

from collections import Counter

import pytest
from click.testing import CliRunner

from headrace.cli.main import main
from support.broken import FOLDER, Broken, Refuser, broken, table

EACH = pytest.mark.parametrize("manifest", broken(), ids=lambda manifest: manifest.id)


@EACH
def test_a_broken_manifest_is_told_in_one_line(manifest: Broken) -> None:
    """Nothing but the one mistake is found: where it is, what it is and what to do."""
    done = CliRunner().invoke(main, ["validate", str(manifest.path)])
    assert 2 == done.exit_code
    assert 1 == len(done.stdout.splitlines()), done.stdout
    file, line, told = done.stdout.split(":", 2)
    assert str(manifest.path) == file
    assert manifest.line in {None, int(line)}
    where = f" {manifest.field}: " if manifest.field else " "
    assert told.startswith(where), done.stdout
    assert manifest.says in told


@EACH
def test_the_line_is_in_the_manifest_and_not_in_its_header(manifest: Broken) -> None:
    """Every broken manifest has lines of its own below the header."""
    done = CliRunner().invoke(main, ["validate", str(manifest.path)])
    line = int(done.stdout.split(":", 2)[1])
    text = manifest.path.read_text(encoding="utf-8").splitlines()[line - 1]
    assert text
    assert not text.startswith("#")


def test_there_are_forty_and_each_party_refuses_some() -> None:
    """All on the way to a run are looked at: kubectl, the API server, the controller."""
    count = Counter(manifest.refuser for manifest in broken())
    assert count.total() >= 40
    assert set(Refuser) == set(count)


def test_the_table_beside_them_is_complete() -> None:
    """The README of the folder says of each who refuses it."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert table() == text[text.index("| manifest |") :]
