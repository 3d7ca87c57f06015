"""What the flights pipeline does with the data: `examples/flights`, without the engine."""

import json
from pathlib import Path

import pytest

from examples.conftest import GoodRun
from examples.flights.flights.checks import check_all
from examples.flights.flights.contract import Context, DataIsBadError
from examples.flights.flights.database import database
from examples.flights.flights.ingest import ingest
from examples.flights.flights.join import join
from examples.flights.flights.layout import DATABASE, STAGED, layout_of, written_whole
from examples.flights.flights.publish import publish
from examples.flights.flights.report import PICTURES, report
from examples.flights.flights.source import TABLES, Table, csv_of, source_folder
from examples.flights.flights.store import store

ROWS = {
    "airlines": 16,
    "airports": 1_458,
    "flights": 336_776,
    "planes": 3_322,
    "weather": 26_115,
}


@pytest.fixture
def done(good: GoodRun) -> Context:
    """Return the surroundings of a run that went through all steps."""
    return Context(run=good.name, data=good.data)


def numbers(context: Context, sql: str) -> tuple[object, ...]:
    """Return the one row that a query gives on the published database."""
    with database(layout_of(context).latest / DATABASE) as connection:
        (row,) = connection.execute(sql).fetchall()
    return tuple(row)


# --- what the data says ---------------------------------------------------------------------------


def test_all_rows_come_in_and_the_join_keeps_each_flight(good: GoodRun) -> None:
    """The counts are facts: the year 2013 is over."""
    assert {name: good.outputs[f"ingest-{name}"]["rows"] for name in TABLES} == ROWS
    assert {**ROWS, "departures": ROWS["flights"]} == good.outputs["join"]


@pytest.mark.parametrize(
    ("sql", "want"),
    [
        pytest.param(
            "select count(*) filter (cancelled), count(*) filter (diverted) from departures",
            (8_255, 1_175),
            id="cancelled and diverted flights are told apart",
        ),
        pytest.param(
            "select min(least(dep_minute, arr_minute)), max(greatest(dep_minute, arr_minute))"
            " from departures",
            (0, 1439),
            id="midnight is 0, although the source says 2400",
        ),
        pytest.param(
            "select max(wind_speed) < 50, count(*) filter (wind_speed is null) from weather",
            (True, 5),
            id="the hour with 1,048 mph of wind is not believed",
        ),
        pytest.param(
            "select list(faa order by faa) from airports where lat is null",
            (["DVT", "EEN", "MYF"],),
            id="airports in China and the Arctic lose their position",
        ),
        pytest.param(
            "select count(*) filter (plane_match = 'not in the registry'),"
            " count(*) filter (plane_match = 'no tail number'),"
            " count(*) filter (plane_match = 'another aircraft'), min(plane_seats)"
            " from departures",
            (50_094, 2_512, 2_421, 20),
            id="flights without plane are kept, and nobody crosses the country in a two-seater",
        ),
        pytest.param(
            "select count(*) from departures where not weather_known",
            (1_556,),
            id="flights without weather are kept",
        ),
        pytest.param(
            "select sum(flights), sum(cancelled) from punctuality",
            (336_776, 8_255),
            id="the view for analysts counts every flight",
        ),
    ],
)
def test_published_data(done: Context, sql: str, want: tuple[object, ...]) -> None:
    """What is known of the flights of 2013 comes out of the pipeline."""
    assert want == numbers(done, sql)


@pytest.mark.parametrize("table", STAGED)
def test_parquet_and_database_hold_the_same_rows(done: Context, table: str) -> None:
    """Readers may choose the format."""
    latest = layout_of(done).latest
    summary = "count(*), bit_xor(hash(t))"
    with database(latest / DATABASE) as connection:
        parquet = connection.read_parquet(str(latest / f"{table}.parquet")).set_alias("t")
        stored = connection.table(table).set_alias("t")
        assert parquet.aggregate(summary).fetchall() == stored.aggregate(summary).fetchall()


def test_report_has_a_row_for_each_airline_and_both_pictures(done: Context) -> None:
    """The page is complete, and its pictures are real ones."""
    folder = layout_of(done).latest / "report"
    html = (folder / "index.html").read_text()
    assert ROWS["airlines"] == html.split("</table>")[0].count("<tr><td>")
    assert "34 of 34 checks of the data passed" in html
    signature, size = b"\x89PNG\r\n\x1a\n", (1440, 800)
    for picture in PICTURES:
        assert f'src="{picture}"' in html
        content = (folder / picture).read_bytes()
        assert content.startswith(signature)
        assert size == (int.from_bytes(content[16:20]), int.from_bytes(content[20:24]))


# --- doing it twice -------------------------------------------------------------------------------


def test_a_second_attempt_of_every_step_leaves_the_same_files(done: Context) -> None:
    """A retried task does no harm: same rows, same files, nothing left over."""
    layout = layout_of(done)
    files = sorted(layout.folder.rglob("*"))
    before = layout.staged("departures").read_bytes()
    for name in TABLES:
        ingest(name, done, source_folder())
    join(done)
    assert not layout.check_results.exists(), "what was checked before was about other tables"
    for step in (check_all, store, report, publish):
        step(done)
    assert files == sorted(layout.folder.rglob("*"))
    assert before == layout.staged("departures").read_bytes()


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    """An attempt that breaks off leaves the old file, and no rubbish."""
    target = tmp_path / "table.parquet"
    target.write_text("old")

    def break_off() -> None:
        with written_whole(target) as partial:
            partial.write_text("half")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        break_off()
    want = [(target, "old")]
    assert want == [(file, file.read_text()) for file in tmp_path.iterdir()]


# --- bad data -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("name,carrier\nUnited,UA\n", "its columns are name, carrier", id="swapped"),
        pytest.param("carrier\nUA\n", "its columns are carrier;", id="a column is missing"),
        pytest.param("", "its columns are ;", id="the file is empty"),
    ],
)
def test_other_columns_are_refused(tmp_path: Path, content: str, message: str) -> None:
    """Columns that changed places would otherwise be read as each other."""
    (tmp_path / "airlines.csv").write_text(content)
    with pytest.raises(DataIsBadError, match=message):
        csv_of(TABLES["airlines"], tmp_path, tmp_path)


def test_a_damaged_zip_file_is_bad_data(tmp_path: Path) -> None:
    """No retry mends a file."""
    (tmp_path / "a.csv.zip").write_bytes(b"PK\x03\x04 and then nothing")
    with pytest.raises(DataIsBadError, match=r"a\.csv\.zip cannot be unpacked"):
        csv_of(Table("a.csv.zip", {"x": "VARCHAR"}), tmp_path, tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("N1,2004,a,b,c,two,55,NA,d", id="text where a number belongs"),
        pytest.param("N1,2004,a,b", id="a line that is cut off"),
        pytest.param("N1,2004,a,b,c,2,55,NA,d,e", id="a value too many"),
    ],
)
def test_values_of_another_type_are_refused(tmp_path: Path, line: str) -> None:
    """What is not a table of the expected columns stops the run at once."""
    header = ",".join(TABLES["planes"].columns)
    (tmp_path / "planes.csv").write_text(f"{header}\n{line}\n")
    with pytest.raises(DataIsBadError, match=r"planes\.csv does not have the expected types"):
        ingest("planes", Context(run="r", data=tmp_path), tmp_path)


def test_a_release_that_was_not_checked_is_not_published(tmp_path: Path) -> None:
    """Who starts the task by hand cannot go past the checks."""
    with pytest.raises(DataIsBadError, match=r"run flights\.checks first"):
        publish(Context(run="unchecked", data=tmp_path))
    assert not (tmp_path / "latest").exists()


def test_a_release_with_a_file_missing_is_not_published(tmp_path: Path) -> None:
    """Readers never get half a release."""
    context = Context(run="r", data=tmp_path)
    results = layout_of(context).check_results
    results.parent.mkdir(parents=True)
    results.write_text(json.dumps([]))
    with pytest.raises(FileNotFoundError, match=r"airlines\.parquet"):
        publish(context)
    assert not (tmp_path / "latest").exists()
