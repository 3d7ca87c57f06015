"""A controller that speaks to its API server through a proxy, and is struck where a test says."""

import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cluster.control import Stage
from cluster.operator_process import ControllerProcess
from cluster.story import Story
from support.fault_proxy import Fate, FaultProxy, passing


class Faults:
    """A namespace whose controller speaks to the API server through the proxy."""

    def __init__(self, story: Story, controller: ControllerProcess, proxy: FaultProxy) -> None:
        """Look at a namespace."""
        self.story = story
        self.controller = controller
        self.proxy = proxy

    def strike_at(self, point: int, fate: Fate) -> threading.Event:
        """
        Let the controller be killed at the write of this number, counted from now.

        Returns: Set when that has happened.

        """
        lock, seen, struck = threading.Lock(), Counter[str](), threading.Event()

        def decide(_: str) -> Fate:
            with lock:
                seen["writes"] += 1
                return fate if seen["writes"] == point else Fate.PASS

        def strike() -> None:
            self.controller.signal(signal.SIGKILL)
            struck.set()

        self.proxy.strike = strike
        self.proxy.decide = decide
        return struck

    def lose_first_answers(self) -> Counter[str]:
        """Lose the answer to the first try of each write; return the tries, which are counted."""
        tries: Counter[str] = Counter()

        def decide(write: str) -> Fate:
            tries[write] += 1
            return Fate.LOSE_ANSWER if tries[write] == 1 else Fate.PASS

        self.proxy.decide = decide
        return tries

    def over(self, run: str) -> bool:
        """Tell whether a run has ended."""
        return "completionTime" in self.story.get("workflowrun", run).get("status", {})

    def go_on(self) -> None:
        """Start another controller after a strike; from now on nothing goes wrong."""
        self.proxy.decide = passing
        self.controller.wait()
        self.controller.start()


@contextmanager
def struck(stage: Stage, folder: Path) -> Iterator[Faults]:
    """Yield a namespace, and its controller at work."""
    namespace, kubeconfig = stage.namespace(), folder / "kubeconfig"
    with FaultProxy(Path(stage.cluster.variables()["KUBECONFIG"])) as proxy:
        proxy.write_kubeconfig(kubeconfig)
        controller = stage.controller("struck", namespace, environ={"KUBECONFIG": str(kubeconfig)})
        controller.start()
        yield Faults(stage.story(namespace, controller), controller, proxy)
        if controller.running:
            controller.kill()
