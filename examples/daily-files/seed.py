"""
Makes the files of the example: what eight shops sold on three days, from a fixed seed.

    python seed.py FOLDER

Knows which files are wrong, and how. The folder `inbox` has what this program makes.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

DAYS = ("2030-01-29", "2030-01-30", "2030-01-31")
SHOPS = range(1, 9)
ARTICLES = ("bread", "cheese", "coffee", "milk", "tea")


def cut_off(text: str) -> str:
    """Return a file whose sender stopped in the middle of a line."""
    return text[: text.index("milk,") + len("milk,")]


def in_hundredths(text: str) -> str:
    """Return a file whose till counts in hundredths."""
    return text.replace("\n", "00\n").replace("sold00", "sold")


WRONG: Mapping[tuple[str, int], Callable[[str], str]] = {
    ("2030-01-30", 3): cut_off,
    ("2030-01-31", 2): in_hundredths,
}


def content(day: str, shop: int) -> str:
    """Return the file that a shop sends on a day."""
    chance = Random(f"{day} {shop}")  # noqa: S311 - the same numbers each time are wanted
    rows = (f"{article},{chance.randint(15, 30)}\n" for article in ARTICLES)
    text = "article,sold\n" + "".join(rows)
    return WRONG.get((day, shop), str)(text)


def write(folder: Path) -> None:
    """Write all files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for day in DAYS:
        for shop in SHOPS:
            (folder / f"{day}-shop-{shop}.csv").write_text(content(day, shop))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
