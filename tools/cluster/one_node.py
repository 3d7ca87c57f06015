"""
A whole Kubernetes on one Linux machine without Docker: up, down, status.

Knows the order of steps. The other modules know the steps.
"""

import contextlib
import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tools.cluster import (
    build,
    certificates,
    cgroups,
    components,
    images,
    kwok,
    left_overs,
    mounts,
    network,
    node,
    packages,
    processes,
    programs,
    stand_ins,
    volumes,
)
from tools.cluster import settings as choices
from tools.cluster.commands import CommandFailedError, locked, run, succeeds, wait_until
from tools.cluster.failure import ClusterError
from tools.cluster.instance import Instance
from tools.cluster.settings import Settings

log = logging.getLogger("cluster")

_READY_SECONDS = 60.0
_READY_MESSAGE = "jsonpath={.status.conditions[?(@.type=='Ready')].message}"


def _provide_programs() -> None:
    """
    Install and build what is missing: the three kinds beside each other.

    Downloads and the linker leave processors idle. The published programs are built one after
    another, because they share packages, which would else be compiled twice.
    """

    def published() -> None:
        for needed in (build.HELM, build.COREDNS, build.VOLUMES):
            build.tool(needed)

    kinds: tuple[Callable[[], object], ...] = (packages.install, build.kube, published)
    with ThreadPoolExecutor(len(kinds)) as together:
        for begun in [together.submit(each) for each in kinds]:
            begun.result()


@dataclass(frozen=True, slots=True)
class OneNode:
    """The cluster of one instance, made of processes of this machine."""

    instance: Instance

    @property
    def kubeconfig(self) -> Path:
        return self.instance.kubeconfig

    @property
    def is_made(self) -> bool:
        """Return whether `up` was called, perhaps in vain, and `down` was not."""
        return self._settings_file.exists()

    def up(self, settings: Settings) -> None:
        """
        Start the cluster, or the components that have ended.

        Raises:
            ClusterError: It runs already, with other settings.

        """
        _provide_programs()  # all minutes of waiting first, so that the rest takes seconds
        with locked(self.instance.lock):
            self._refuse_other(settings)
            if not self._runs():
                self._clear()  # what a machine that was switched off left behind
            self._prepare(settings)
            self._start_control_plane(settings)
            self._start_node()

    def down(self) -> None:
        with locked(self.instance.lock):
            self._clear()

    def build_image(self, dockerfile: Path, context: Path, tag: str) -> None:
        for base in stand_ins.bases(dockerfile.read_text()):
            stand_ins.offer(base)
        images.build(dockerfile, context, tag)

    def load_image(self, tag: str) -> None:
        images.load(self.instance, tag)

    def provide_image(self, tag: str) -> None:
        """
        Load the stand-in for a published image.

        Raises:
            ClusterError: There is none for this image.

        """
        stand_ins.load(self.instance, stand_ins.called(tag))

    def fake_nodes(self, count: int) -> None:
        """Add fake nodes, on which pods succeed without being run."""
        with locked(self.instance.lock):
            program = build.tool(build.KWOK)
            processes.start(self.instance, kwok.kwok(program, self.instance, kwok.stages()))
            self._kubectl("apply", "--filename", "-", stdin=json.dumps(kwok.nodes(count)))
            self._kubectl("wait", "--for=condition=Ready", "node", "--all", "--timeout=60s")
            processes.refuse_ended(self.instance, kwok.NAME)

    def variables(self) -> Mapping[str, str]:
        return programs.variables(self.instance)

    def status(self) -> str:
        """Return one line for each component and one for the node."""
        ids = {name: processes.process_of(self.instance, name) for name in components.NAMES}
        rows = [f"{name:24} {f'process {i}' if i else 'not running'}" for name, i in ids.items()]
        return "\n".join([*rows, f"{self.instance.node:24} {self._node_status()}"]) + "\n"

    def stop(self, component: str) -> None:
        """
        Stop one component, to test the others without it.

        `up` starts it again, `fake_nodes` does so for kwok.

        Raises:
            ClusterError: There is no component of that name.

        """
        names = (*components.NAMES, kwok.NAME)
        if component not in names:
            known = ", ".join(names)
            raise ClusterError(f"no component {component!r}: there are {known}")
        with locked(self.instance.lock):
            processes.stop(self.instance, component)

    def _runs(self) -> bool:
        return bool(cgroups.components(self.instance.unique))

    @property
    def _settings_file(self) -> Path:
        return self.instance.state / "settings.json"

    def _refuse_other(self, settings: Settings) -> None:
        before = choices.read(self._settings_file)
        if self._runs() and before not in (None, settings):
            raise ClusterError(
                f"instance {self.instance.name!r} runs with other settings ({before}): "
                "take it down first"
            )

    def _prepare(self, settings: Settings) -> None:
        instance = self.instance
        instance.home.mkdir(parents=True, exist_ok=True)
        # It has the administrator's key, and anybody who runs pods here can become root.
        instance.state.mkdir(mode=0o700, exist_ok=True)
        self._settings_file.write_text(choices.to_text(settings))
        components.audit_policy_file(instance).write_text(json.dumps(components.AUDIT_POLICY))
        certificates.make(instance)
        node.write_settings(instance)
        cgroups.make(instance.unique)
        network.make(instance)
        programs.offer(instance)

    def _start_control_plane(self, settings: Settings) -> None:
        instance, kube = self.instance, build.kube()
        processes.start(instance, components.etcd(kube, instance))
        processes.start(instance, components.api_server(kube, instance, settings))
        self._wait_for(components.API_SERVER, "get", "--raw", "/readyz")
        processes.start(instance, components.controller_manager(kube, instance, settings))
        processes.start(instance, components.scheduler(kube, instance))

    def _start_node(self) -> None:
        instance, kube = self.instance, build.kube()
        processes.start(instance, components.dns(build.tool(build.COREDNS), instance))
        processes.start(instance, components.containerd(instance))
        wait_until("containerd answers", lambda: _containerd_answers(instance), _READY_SECONDS)
        stand_ins.load(instance, stand_ins.PAUSE)
        stand_ins.load(instance, stand_ins.BUSYBOX)
        processes.start(instance, components.kubelet(kube, instance))
        processes.start(instance, components.proxy(kube, instance))
        ready = ("wait", "--for=condition=Ready", f"node/{instance.node}", "--timeout=1s")
        self._wait_for(components.KUBELET, *ready)
        # Without it no pod can be created, and it comes a moment later.
        self._wait_for(components.CONTROLLER_MANAGER, "get", "serviceaccount", "default")
        self._start_volumes()
        for name in components.NAMES:
            processes.refuse_ended(instance, name)

    def _start_volumes(self) -> None:
        objects = volumes.objects(self.instance.state / "volumes")
        self._kubectl("apply", "--filename", "-", stdin=json.dumps(objects))
        program = build.tool(build.VOLUMES)
        processes.start(self.instance, volumes.provisioner(program, self.instance))

    def _wait_for(self, component: str, *question: str) -> None:
        """Ask kubectl the question until it succeeds, as long as the component runs."""

        def answered() -> bool:
            processes.refuse_ended(self.instance, component)
            with contextlib.suppress(CommandFailedError):
                self._kubectl(*question)
                return True
            return False

        file = processes.log_file(self.instance, component)
        wait_until(f"{component} is ready (its log: {file})", answered, _READY_SECONDS)

    def _node_status(self) -> str:
        words = ("get", "node", self.instance.node, "--output", _READY_MESSAGE)
        try:
            return self._kubectl(*words)
        except CommandFailedError:
            return "not known: the API server does not answer"

    def _kubectl(self, *words: str, stdin: str | None = None) -> str:
        program = self.instance.bin / "kubectl"
        return run(program, *words, stdin=stdin, environ=self.variables())

    def _clear(self) -> None:
        cgroups.kill(self.instance.unique)
        left_overs.remove(self.instance)
        network.remove(self.instance)
        mounts.remove_folder(self.instance.state)
        cgroups.remove(self.instance.unique)


def _containerd_answers(instance: Instance) -> bool:
    return succeeds("ctr", "--address", instance.containerd_socket, "version")
