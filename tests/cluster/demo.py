"""
`make cluster`: a Kubernetes, Headrace on it, and the flights example, as a new user would do it.

Knows the steps and their order. Each step is a command that a person could type.
"""

import sys
import time
from pathlib import Path

from cluster.control_plane.commands import run
from cluster.control_plane.failure import ClusterError
from cluster.control_plane.instance import DEFAULT_NAME, instance
from cluster.control_plane.provider import Cluster, choose
from cluster.control_plane.settings import Settings

ROOT = Path(__file__).parents[2]
FLIGHTS = ROOT / "examples" / "flights"
CONTROLLER_IMAGE = "headrace/controller:0.1.0"
FLIGHTS_IMAGE = "headrace/flights:0.1"
DATA = Path("/var/lib/headrace/flights-data")
"""Where the one-node example keeps its data (`storage-one-node.yaml`)."""
RUN_SECONDS = 600


def main(words: list[str]) -> int:
    """Do what the word says; return the exit code."""
    try:
        cluster = choose(instance(DEFAULT_NAME))
        if words == ["up"]:
            return up(cluster)
        if words == ["down"]:
            cluster.down()
            return 0
    except ClusterError as error:
        print(f"make cluster: {error}", file=sys.stderr)
        return 1
    print("usage: python -m cluster.demo up|down", file=sys.stderr)
    return 2


def up(cluster: Cluster) -> int:
    """Make the cluster, install, apply, and show the run until it ends."""
    say("starting Kubernetes (it is built first where that was never done: a few minutes)")
    cluster.up(Settings())
    say("building the images")
    build_images(cluster)
    say("helm install headrace")
    install(cluster, "headrace")
    say("kubectl apply -f examples/flights")
    apply_flights(cluster)
    succeeded = show(cluster)
    say("to go on:")
    print(f'  eval "$(PYTHONPATH=tests {sys.executable} -m cluster.control_plane env)"')
    print("  kubectl get headrace\n  make cluster-down")
    return 0 if succeeded else 1


def build_images(cluster: Cluster) -> None:
    """Build the controller's and the example's image, and load them."""
    for folder, tag in ((ROOT, CONTROLLER_IMAGE), (FLIGHTS, FLIGHTS_IMAGE)):
        cluster.build_image(folder / "Dockerfile", folder, tag)
        cluster.load_image(tag)
    cluster.provide_image("busybox:1.37")


def install(cluster: Cluster, namespace: str, *values: str) -> None:
    """Install the chart, or bring it up to date; return when the controller is ready."""
    command(
        "helm",
        cluster,
        "upgrade",
        "--install",
        "headrace",
        str(ROOT / "helm" / "headrace"),
        "--namespace",
        namespace,
        "--create-namespace",
        "--wait",
        "--timeout",
        "180s",
        *(word for value in values for word in ("--set", value)),
    )


def apply_flights(cluster: Cluster) -> None:
    """Apply the example; its data lies in a folder of the one node."""
    DATA.mkdir(parents=True, exist_ok=True)
    for name in ("storage-one-node.yaml", "storage.yaml", "workflow.yaml"):
        command("kubectl", cluster, "apply", "-f", str(FLIGHTS / name))


def show(cluster: Cluster) -> bool:
    """Print how the run stands whenever that changes; return whether it succeeded."""
    path = "{.status.progress} {.status.conditions[?(@.type=='Succeeded')].reason}"
    told, deadline = "", time.monotonic() + RUN_SECONDS
    while time.monotonic() < deadline:
        words = (
            "get",
            "workflowrun",
            "flights-once",
            "--ignore-not-found",
            "-o",
            f"jsonpath={path}",
        )
        line = command("kubectl", cluster, *words).strip()
        if line != told:
            told = line
            print(f"  flights-once  {line}", flush=True)
        if line.endswith(("Succeeded", "Failed")):
            break
        time.sleep(0.5)
    print(command("kubectl", cluster, "get", "workflows,workflowruns,taskruns"))
    return told.endswith("Succeeded")


def command(program: str, cluster: Cluster, *words: str) -> str:
    """Run a program against the cluster and return what it prints."""
    return run(program, *words, environ=cluster.variables())


def say(text: str) -> None:
    """Tell a person what is going on."""
    print(f"* {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
