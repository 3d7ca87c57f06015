"""The command lines of a one-node cluster: `tools.cluster.components`."""

from pathlib import Path

import pytest

from tools.cluster import components
from tools.cluster.components import Component
from tools.cluster.instance import instance
from tools.cluster.kwok import kwok
from tools.cluster.settings import Settings
from tools.cluster.volumes import provisioner

HERE = instance("test", {})
KUBE = Path("/bin/kube")


def everything(settings: Settings) -> list[Component]:
    """Return all components in the order in which they are started."""
    return [
        components.etcd(KUBE, HERE),
        components.api_server(KUBE, HERE, settings),
        components.controller_manager(KUBE, HERE, settings),
        components.scheduler(KUBE, HERE),
        components.dns(KUBE, HERE),
        components.containerd(HERE),
        components.kubelet(KUBE, HERE),
        components.proxy(KUBE, HERE),
        provisioner(KUBE, HERE),
    ]


def flag(component: Component, name: str) -> str | None:
    """Return the value that wins of a flag, or None where it is not given."""
    prefix = f"--{name}="
    values = [word.removeprefix(prefix) for word in component.command if word.startswith(prefix)]
    return values[-1] if values else None


def test_each_component_is_known_by_its_name() -> None:
    """What `status` and `stop` know is what is started, in the same order."""
    assert list(components.NAMES) == [each.name for each in everything(Settings())]


def test_what_a_component_writes_lies_in_the_folder_of_the_instance() -> None:
    """Every path in a command line is the program's or lies below the instance's folder."""
    started = [*everything(Settings(audit=True)), kwok(KUBE, HERE, ())]
    words = (word for each in started for word in each.command)
    paths = {Path(value) for word in words if (value := word.rpartition("=")[2]).startswith("/")}
    assert {KUBE} == {path for path in paths if not path.is_relative_to(HERE.state)}


@pytest.mark.parametrize(
    ("settings", "want"),
    [
        pytest.param(Settings(), None, id="no audit log unless asked for"),
        pytest.param(Settings(audit=True), str(HERE.audit_log), id="an audit log when asked for"),
    ],
)
def test_audit(settings: Settings, want: str | None) -> None:
    """The audit log is switched by the settings."""
    assert want == flag(components.api_server(KUBE, HERE, settings), "audit-log-path")


def test_flags_of_the_user_win_over_ours() -> None:
    """A component takes the last of two equal flags, so the user's come last."""
    settings = Settings(
        controller_manager=("--kube-api-qps=500", "--leader-elect=true"),
        api_server=("--authorization-mode=AlwaysAllow",),
    )
    manager = components.controller_manager(KUBE, HERE, settings)
    assert flag(manager, "kube-api-qps") == "500"
    assert flag(manager, "leader-elect") == "true"
    server = components.api_server(KUBE, HERE, settings)
    assert flag(server, "authorization-mode") == "AlwaysAllow"
