"""The template `kafka` on a real cluster: its example, with a broker in a pod."""

import shutil
from pathlib import Path

import pytest
import yaml

from cluster.control import ROOT, Stage
from cluster.story import Story
from support import kfake
from tools.cluster.demo import provide_image

pytestmark = pytest.mark.cluster

FOLDER = ROOT / "task-images/kafka"
CONTRACT = "headrace/task-contract:0.1.0"
BROKER = "headrace/kfake:test"


def test_the_example_sends_and_stores_in_pods(
    story: Story, shared_stage: Stage, tmp_path: Path
) -> None:
    cluster = shared_stage.cluster
    provide_image(cluster, ROOT / "task-images/contract", CONTRACT)
    template = yaml.safe_load((FOLDER / "template.yaml").read_text())
    provide_image(cluster, FOLDER, template["spec"]["image"])
    shutil.copy(kfake.program(), tmp_path / "kfake")
    (tmp_path / "Dockerfile").write_text(f"FROM {CONTRACT}\nCOPY kfake /usr/bin/kfake\n")
    provide_image(cluster, tmp_path, BROKER)
    own = {"name": "HERE", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}
    command = ["kfake", "-host", "$(HERE)", "orders:3"]
    container = {"name": "kfake", "image": BROKER, "command": command, "env": [own]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "kfake"}}
    lines = {"orders.jsonl": (FOLDER / "in/orders.jsonl").read_text()}
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "orders"}}
    story.apply(
        {**template, "kind": "TaskTemplate"},
        {**pod, "spec": {"containers": [container]}},
        {**config, "data": lines},
    )
    story.kubectl("wait", "pod/kfake", "--for=condition=Ready", "--timeout=120s")
    address = story.until("it listens", lambda: story.kubectl("logs", "kfake").strip())
    text = (FOLDER / "example.yaml").read_text().replace("127.0.0.1:9092", str(address))
    story.workflow("orders", *yaml.safe_load(text)["spec"]["tasks"])
    story.ended("orders-once")
    counts = [
        story.get("taskrun", f"orders-once.{task}")["status"]["outputs"]["messages"]
        for task in ("send", "store")
    ]
    assert [3, 3] == counts
