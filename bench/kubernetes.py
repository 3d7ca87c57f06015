"""
What Kubernetes itself takes, without Headrace: the moments of a Job's life, and Jobs a second.

    PYTHONPATH=tests:. python -m bench.kubernetes [moments] [rate]

Every engine that makes Jobs stands on this. Absolute times depend on the machine.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

from bench.stand import RAISED, Stand, cluster_of, indexed, job, tell

ENDED = "{.status.containerStatuses[0].state.terminated.reason}"
MOMENTS = {
    "container ended": ("pod", f"jsonpath={ENDED}=Completed"),
    "pod Succeeded": ("pod", "jsonpath={.status.phase}=Succeeded"),
    "Job Complete": ("job", "condition=Complete"),
}
"""When what an engine may wait for is visible: the kind to watch, and what of it."""
RATE_SECONDS = 60


def moments(stand: Stand, rounds: int = 10) -> None:
    """Time when the end of a no-op is visible, from the making of its Job."""
    samples: dict[str, list[float]] = {moment: [] for moment in MOMENTS}
    for turn in range(rounds):
        name = f"moments-{turn}"
        labels = ("--selector", f"job-name={name}")
        begun = time.monotonic()
        stand.create(job(name))
        stand.wait("jsonpath={.status.active}=1", f"job/{name}")
        waits = {
            moment: subprocess.Popen(  # noqa: S603 - our own words
                [
                    *("/usr/bin/env", "kubectl", "wait", f"--for={condition}", "--timeout=60s"),
                    *(("job", name) if kind == "job" else ("pod", *labels)),
                    *("--namespace", stand.namespace),
                ],
                env=stand.environ,
                stdout=subprocess.DEVNULL,
            )
            for moment, (kind, condition) in MOMENTS.items()
        }
        for moment, wait in waits.items():  # They come in this order.
            wait.wait()
            samples[moment].append(time.monotonic() - begun)
    shown = (f"{moment} {median(times):.2f} s" for moment, times in samples.items())
    tell("from the making of a Job to", *shown)


def rate(flags: str, *more: str) -> None:
    """Count the pods that are made in a minute: of Jobs with one pod, and of one Indexed Job."""
    with cluster_of("bench", *more, fake_nodes=4) as cluster:
        stand = Stand(cluster)
        stand.create(*(job(f"one-{n}", fake=True) for n in range(RATE_SECONDS * 40)))
        alone = made_in(stand, RATE_SECONDS)
        stand.close()
        stand = Stand(cluster)
        stand.create(indexed("many", RATE_SECONDS * 60, fake=True))
        together = made_in(stand, RATE_SECONDS)
        stand.close()
    tell(
        f"Job controller, {flags}",
        f"{alone / RATE_SECONDS:.1f} Jobs a second",
        f"{together / RATE_SECONDS:.1f} pods a second of one Indexed Job",
    )


def made_in(stand: Stand, seconds: float) -> int:
    """Return how many pods are made from now on in so many seconds."""
    before = pods(stand)
    time.sleep(seconds)
    return pods(stand) - before


def pods(stand: Stand) -> int:
    """Return how many pods there are."""
    path = f"/api/v1/namespaces/{stand.namespace}/pods"
    return stand.kubectl("get", "--raw", path).count('"phase":')


def stock_moments() -> None:
    """Measure the moments of a Job's life on a real node."""
    with cluster_of("bench") as cluster:
        stand = Stand(cluster)
        moments(stand)
        stand.close()


def rates() -> None:
    """Measure the rate as it comes, and with the flags that lift it."""
    rate("as it comes")
    rate("flags raised", *RAISED)


PARTS: dict[str, Callable[[], None]] = {"moments": stock_moments, "rate": rates}


def main(chosen: list[str]) -> None:
    """Measure what is chosen, or all."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # The cluster is taken down all the same.
    for name in chosen or PARTS:
        PARTS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
