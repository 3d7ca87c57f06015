"""The example `examples/daily-files` on this machine: days that are normal, odd, empty."""

import json
import runpy
import shutil
from pathlib import Path
from typing import Any

import pytest

from support.local_run import Bench, Result

EXAMPLE = Path(__file__).parents[2] / "examples" / "daily-files"
NOBODY_SOLD = "2030-02-03"
NORMAL, BROKEN, ODD = "2030-01-29", "2030-01-30", "2030-01-31"
QUESTION = "2030-01-31: 11402 sold in 8 of 8 shops, but 790 the day before (1343 %). Publish?"


class Shops(Bench):
    """A copy of the example, and runs of its days."""

    def day(self, day: str, *words: str) -> Result:
        """Run the workflow for a day."""
        return self.run("--plain", "--logical-time", f"{day}T19:00:00Z", *words)

    @property
    def published(self) -> dict[str, Any]:
        """What readers find, by day."""
        files = sorted((self.folder / "published").glob("*"))
        return {file.stem: json.loads(file.read_text()) for file in files}


@pytest.fixture
def shops(tmp_path: Path) -> Shops:
    """Return a copy in which nothing was published yet."""
    folder = tmp_path / "daily-files"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("published"))
    return Shops(folder)


@pytest.fixture
def odd(shops: Shops) -> Shops:
    """Return a copy in which the day before the odd one was published."""
    assert 0 == shops.day(BROKEN).code
    return shops


def test_the_files_are_those_that_the_seed_gives(tmp_path: Path) -> None:
    """Whoever doubts a number can make the files anew, and finds the same."""
    runpy.run_path(str(EXAMPLE / "seed.py"))["write"](tmp_path)
    want = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert want == {file.name: file.read_text() for file in (EXAMPLE / "inbox").iterdir()}


def test_days_like_the_one_before_are_published_and_nobody_is_asked(shops: Shops) -> None:
    """Also the first one, which there is nothing to compare with."""
    for day in (NORMAL, BROKEN):
        done = shops.day(day)
        assert (0, True) == (done.code, "ask      did not run: Skipped: " in done.out)
    want = {NORMAL: {"sold": 909, "shops": 8}, BROKEN: {"sold": 790, "shops": 7}}
    assert want == shops.published


def test_what_may_be_read_the_next_time_is_tried_again_and_what_is_broken_is_not(
    shops: Shops,
) -> None:
    """Each file has its own retries; one that fails for good is tolerated, and counted."""
    done = shops.day(BROKEN)
    assert "1 of 8 items failed: 2 NonZeroExit: ended with exit code 2" in done.out
    second = shops.files("process", 2).log.with_suffix("")
    assert ["6.log"] == [file.name for file in second.glob("*.log")]


def test_two_broken_files_are_too_many(shops: Shops) -> None:
    """Then nobody is asked, and nothing is published."""
    (shops.folder / "inbox" / f"{BROKEN}-shop-5.csv").write_text("sold\n12\n")
    (shops.folder / "inbox" / f"{BROKEN}-shop-6.csv").write_text("article\nmilk\n")
    done = shops.day(BROKEN)
    assert (1, {}) == (done.code, shops.published)
    assert "2 of 8 items failed" in done.out
    assert "3 omitted (join, ask, publish)" in done.out


def test_the_question_has_the_numbers_and_waits_for_an_answer(odd: Shops) -> None:
    """Whoever answers need not look anywhere else; approved, the day is published with a name."""
    left = odd.day(ODD)
    assert (1, True) == (left.code, QUESTION in left.out)
    assert [BROKEN] == list(odd.published)
    assert 0 == odd.run("--resume", "--approve", "ask=approve").code
    by = (odd.log_of("ask").outputs or {})["by"]
    assert {"sold": 11402, "shops": 8, "approvedBy": by} == odd.published[ODD]


def test_a_rejected_day_is_not_published_and_the_run_says_so(odd: Shops) -> None:
    """With the reason, and the task that was left out."""
    done = odd.day(ODD, "--approve", "ask=reject")
    assert (1, [BROKEN]) == (done.code, list(odd.published))
    assert "ask failed: Rejected: " in done.out
    assert "1 omitted (publish)" in done.out


def test_the_tolerance_is_a_parameter(odd: Shops) -> None:
    """Who expects a great day says so, and is not asked."""
    assert 0 == odd.day(ODD, "--param", "tolerance=2000").code
    assert {"sold": 11402, "shops": 8} == odd.published[ODD]


def test_a_day_without_files_publishes_nothing(shops: Shops) -> None:
    """No items: the tasks are skipped or left out, and the run has not failed."""
    done = shops.day(NOBODY_SOLD)
    assert (0, {}) == (done.code, shops.published)
    assert "process  did not run: Skipped: forEach gives no items" in done.out
    assert "publish  did not run: RuleUnmet" in done.out
