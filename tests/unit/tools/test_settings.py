"""Choices that are kept beside a cluster: `tools.cluster.settings`."""

from pathlib import Path

import pytest

from tools.cluster.settings import Settings, from_text, read, to_text


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(Settings(), id="nothing chosen"),
        pytest.param(Settings(audit=True, controller_manager=("--a=1", "--b=2")), id="some"),
        pytest.param(Settings(api_server=("--v=4",)), id="a flag of the API server"),
    ],
)
def test_choices_come_back_as_they_were(settings: Settings) -> None:
    """`up` can compare what it is asked for with what runs."""
    assert settings == from_text(to_text(settings))


def test_no_file_means_no_cluster(tmp_path: Path) -> None:
    """A cluster that never started has no choices."""
    assert read(tmp_path / "settings.json") is None
