"""`$(NAME)` in command and args: a kubelet starts programs with the bytes that a laptop does."""

from pathlib import Path

import pytest

from cluster.story import Story, condition
from support import chained_bytes
from support.local_run import Bench
from support.program_bytes import FOREIGN, SECRET, differences, manifest_fields, started

pytestmark = pytest.mark.cluster


def test_programs_start_with_the_same_bytes_in_both_worlds(story: Story, tmp_path: Path) -> None:
    """A thousand hostile arguments, as many values, a Secret, and a variable without a value."""
    fields = manifest_fields()
    tasks = fields.pop("tasks")
    bench = Bench(tmp_path)
    bench.write(*tasks, **fields)
    assert 0 == bench.run(SECRET=SECRET).code
    story.apply(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "login"},
            "stringData": {"password": SECRET},
        },
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "more"},
            "data": FOREIGN,
        },
    )
    story.workflow("bytes", *tasks, **fields)

    run = story.ended("bytes-once")

    assert len(tasks) == run["status"]["tasks"]["succeeded"]
    for name in (each["name"] for each in tasks):
        (pod,) = story.of_run("pod", "bytes-once", name)
        there = started(story.kubectl("logs", pod["metadata"]["name"]))
        here = started(bench.files(name).log.read_text())
        assert [] == differences(here, there)


def test_a_thousand_texts_travel_from_items_to_arguments(story: Story) -> None:
    """Through ConfigMaps, pods' outputs, expressions and variables, byte for byte."""
    story.workflow("chained", *chained_bytes.tasks())

    run = story.ended("chained-once", patience=300)

    assert "True" == condition(run)["status"], run
    for reader in chained_bytes.READERS:
        (pod,) = story.of_run("pod", "chained-once", reader)
        assert [] == chained_bytes.lost(reader, story.kubectl("logs", pod["metadata"]["name"]))
