"""
`make cluster`: a Kubernetes, Headrace on it, and the flights example, as a new user would do it.

Knows the steps and their order. Each step is a command that a person could type. A repetition
changes nothing, except that new builds are put in place.

Variable: HEADRACE_CLUSTER_NAME is the cluster's name, for a second one beside the first.
"""

import hashlib
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tools.cluster.commands import CommandFailedError, run
from tools.cluster.failure import ClusterError
from tools.cluster.instance import DEFAULT_NAME, instance
from tools.cluster.provider import Cluster, choose
from tools.cluster.settings import Settings

ROOT = Path(__file__).parents[2]
FLIGHTS = Path("examples", "flights")
CHART = Path("helm", "headrace")
HOME = "headrace"
"""Name and namespace of the release."""
REPOSITORY = "docker.io/headrace/controller"
CONTROLLER_IMAGE = f"{REPOSITORY}:0.1.0"
FLIGHTS_IMAGE = "docker.io/headrace/flights:0.1"
INSTALL = (
    *("upgrade", "--install", HOME, str(CHART), "--namespace", HOME, "--create-namespace"),
    *("--set", f"image.repository={REPOSITORY}"),
)
IN_THE_IMAGE = ("Dockerfile", "locks", "operator", "pyproject.toml", "task-images")
"""The source of the controller's image."""
RUN = "flights-once"
RUN_SECONDS = 600
NAME_VARIABLE = "HEADRACE_CLUSTER_NAME"


def main(words: list[str], environ: Mapping[str, str] = os.environ) -> int:
    """Carry out a verb; return the exit code."""
    verbs: Mapping[str, Callable[[Cluster, str], int]] = {"up": up, "down": down}
    if len(words) != 1 or words[0] not in verbs:
        print("usage: python -m tools.cluster.demo up|down", file=sys.stderr)
        return 2
    logging.basicConfig(level=logging.INFO, format="  %(message)s", stream=sys.stderr)
    name = environ.get(NAME_VARIABLE, DEFAULT_NAME)
    try:
        return verbs[words[0]](choose(instance(name)), name)
    except ClusterError as error:
        print(f"make cluster: {error}", file=sys.stderr)
        return 1


def down(cluster: Cluster, _: str) -> int:
    """Remove the cluster and all that is in it."""
    cluster.down()
    return 0


def up(cluster: Cluster, name: str) -> int:
    """Make the cluster, install, apply, and show the run until it ends."""
    say("starting Kubernetes (where that was never done it is built first: some 10 minutes)")
    cluster.up(Settings())
    say("building the images of the controller and of the example")
    provide_images(cluster)
    say(f"helm {' '.join(INSTALL)} --wait")
    install(cluster)
    say(f"kubectl apply -f {FLIGHTS}/storage.yaml -f {FLIGHTS}/workflow.yaml")
    apply_flights(cluster)
    say(f"kubectl get taskruns --selector headrace.dev/run={RUN} --watch")
    succeeded = watch(cluster)
    say("kubectl get workflows,workflowruns")
    print(kubectl(cluster, "get", "workflows,workflowruns"))
    say("to go on (`make cluster-down` removes it all):")
    print(next_steps(name))
    return 0 if succeeded else 1


def provide_images(cluster: Cluster) -> None:
    """Build both images, and load them and the tutorial's image."""
    provide_image(cluster, ROOT, CONTROLLER_IMAGE)
    provide_image(cluster, ROOT / FLIGHTS, FLIGHTS_IMAGE)
    cluster.provide_image("busybox:1.37")


def provide_image(cluster: Cluster, folder: Path, tag: str) -> None:
    """Build the image of a folder, and load it."""
    cluster.build_image(folder / "Dockerfile", folder, tag)
    cluster.load_image(tag)


def install(cluster: Cluster) -> None:
    """Install or upgrade the chart; return when Headrace can be used."""
    # The tag stays when the source changes: this creates a new pod for a new build.
    source = f"podAnnotations.source={digest(ROOT)}"
    how = ("--reset-values", "--wait", "--timeout", "180s", "--set-string", source)
    run("helm", *INSTALL, *how, cwd=ROOT, environ=cluster.variables())
    # Also gives the API server the seconds that it needs before it accepts objects of new kinds.
    run("helm", "test", HOME, "--namespace", HOME, environ=cluster.variables())


def digest(root: Path) -> str:
    """Return a hash of the source of the controller's image."""
    total = hashlib.sha256()
    for name in IN_THE_IMAGE:
        for file in sorted((root / name, *(root / name).rglob("*"))):
            if file.is_file() and file.suffix != ".pyc":
                total.update(f"{file.relative_to(root)}\n".encode() + file.read_bytes())
    return total.hexdigest()[:16]


def apply_flights(cluster: Cluster) -> None:
    """Apply the example, and wait until its run exists."""
    for name in ("storage.yaml", "workflow.yaml"):
        kubectl(cluster, "apply", "-f", str(FLIGHTS / name))
    kubectl(cluster, "wait", "--for=create", f"workflowrun/{RUN}", "--timeout=60s")


def watch(cluster: Cluster) -> bool:
    """Print each change of the run's tasks until the run ends; return whether it succeeded."""
    words = ("get", "taskruns", "--selector", f"headrace.dev/run={RUN}", "--watch")
    environ = {**os.environ, **cluster.variables()}
    program = shutil.which("kubectl", path=environ["PATH"]) or "kubectl"
    with subprocess.Popen((program, *words), env=environ) as watching:  # noqa: S603 - our words
        try:
            return ended_well(cluster)
        finally:
            watching.terminate()


def ended_well(cluster: Cluster) -> bool:
    """Wait for the end of the run and return whether it succeeded."""
    ended = "--for=jsonpath={.status.completionTime}"
    kubectl(cluster, "wait", ended, f"workflowrun/{RUN}", f"--timeout={RUN_SECONDS}s")
    succeeded = "--for=condition=Succeeded"
    try:
        kubectl(cluster, "wait", succeeded, f"workflowrun/{RUN}", "--timeout=0")
    except CommandFailedError:
        return False
    return True


def next_steps(name: str) -> str:
    """Return the next commands for a person."""
    which = "" if name == DEFAULT_NAME else f" --name {name}"
    lines = (
        f'eval "$({sys.executable} -m tools.cluster{which} env)"',
        f"kubectl create -f {FLIGHTS}/bad-table.yaml   # bad data: the checks stop this run",
        "kubectl get workflowruns --output wide",
        "kubectl apply -f docs/tutorial/hello.yaml   # the tutorial's first step",
    )
    return "\n".join(f"  {line}" for line in lines)


def kubectl(cluster: Cluster, *words: str) -> str:
    """Run kubectl against the cluster and return what it prints."""
    return run("kubectl", *words, cwd=ROOT, environ=cluster.variables())


def say(text: str) -> None:
    """Print the current step."""
    print(f"* {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
