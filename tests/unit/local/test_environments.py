"""Virtual environments of templates: `headrace.local.environments`."""

import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

import pytest

from headrace.local import environments
from headrace.local.environments import CACHE, Environment, NoEnvironmentError, environment, make

PYTHON = Path(sys.executable)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the cache folder of the test."""
    monkeypatch.setenv(CACHE, str(tmp_path))
    return tmp_path / "environments"


def made(wanted: Environment) -> list[str]:
    """Make an environment; return what was said."""
    said: list[str] = []
    make(wanted, "greet@v1", said.append)
    return said


def test_it_is_made_once_with_its_modules(tmp_path: Path) -> None:
    """The second run says nothing and waits for nothing."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "own_module.py").write_text("answer = 42")
    wanted = environment(PYTHON, None, (tmp_path / "lib",))
    first = made(wanted)
    assert "making the environment of greet@v1" in first[0]
    assert "is ready after" in first[1]
    assert [] == made(wanted)
    program = "import own_module, sys; print(own_module.answer, sys.prefix)"
    words = [wanted.python, "-c", program]
    found = subprocess.check_output(words, text=True)  # noqa: S603 - the program above
    assert f"42 {wanted.folder}" == found.strip()


def test_half_of_one_is_made_anew() -> None:
    """Somebody pressed Ctrl-C, or the machine stopped."""
    wanted = environment(PYTHON, None, ())
    (wanted.folder / "bin").mkdir(parents=True)
    (wanted.folder / "left-over").touch()
    assert 2 == len(made(wanted))
    assert not (wanted.folder / "left-over").exists()
    assert wanted.is_complete


def test_what_cannot_be_made_leaves_nothing(tmp_path: Path, cache: Path) -> None:
    """The next run tries again, and the words of pip say why."""
    listed = tmp_path / "requirements.txt"
    listed.write_text("--no-index\nnobody-has-this==1 --hash=sha256:" + "0" * 64)
    with pytest.raises(NoEnvironmentError, match="nobody-has-this"):
        made(environment(PYTHON, listed, ()))
    assert [] == [each for each in cache.iterdir() if each.is_dir()]


def test_other_packages_are_another_environment(tmp_path: Path) -> None:
    """A changed list never changes the environment of a run that goes on."""
    listed = tmp_path / "requirements.txt"
    listed.write_text("a==1")
    one = environment(PYTHON, listed, ())
    listed.write_text("a==2")
    assert one.folder != environment(PYTHON, listed, ()).folder
    assert one.folder != environment(Path("/usr/bin/python9"), listed, ()).folder


def test_a_list_that_is_not_there_is_told(tmp_path: Path) -> None:
    """It is a field of the template."""
    with pytest.raises(NoEnvironmentError, match="No such file"):
        environment(PYTHON, tmp_path / "nothing.txt", ())


def test_two_who_need_it_at_once_make_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second waits, says so, and finds it made."""
    wanted, going, go_on = environment(PYTHON, None, ()), Event(), Event()
    real, count = environments._make, []

    def slow(*arguments: object) -> None:
        count.append(1)
        going.set()
        assert go_on.wait(30)
        real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(environments, "_make", slow)
    said: list[str] = []
    first = Thread(target=make, args=(wanted, "a", lambda _: None))

    def hear(words: str) -> None:
        said.append(words)
        go_on.set()

    second = Thread(target=make, args=(wanted, "b", hear))
    first.start()
    assert going.wait(30)
    second.start()
    for each in (first, second):
        each.join(60)
    assert ["another process makes the environment of b; waiting for it"] == said
    assert [1] == count
    assert wanted.is_complete
