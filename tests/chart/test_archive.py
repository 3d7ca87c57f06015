"""The archive of the chart: `templates/archive.yaml`."""

from typing import Any

import pytest

from chart.rendering import NAMESPACE, render
from chart.rights import ARCHIVE
from chart.test_rights import rights, table
from headrace.archive.settings import URL, read
from headrace.controller.settings import read as read_controller
from tools.cluster.commands import CommandFailedError

ON: dict[str, Any] = {"archive.enabled": True}
POSTGRES = {**ON, "archive.database.secretName": "history"}


def environment(values: dict[str, Any]) -> dict[str, Any]:
    """Return the variables of the archive."""
    (container,) = render(values).template("archive")["spec"]["containers"]
    return {each["name"]: each for each in container["env"]}


def test_there_is_no_archive_unless_it_is_wanted() -> None:
    """Then nothing waits for one."""
    rendered = render()
    assert "archive" not in str(rendered.manifests)
    assert read_controller(rendered.arguments).archive is None


def test_history_waits_for_an_archive_that_is_there() -> None:
    """As long as the values say."""
    terms = read_controller(render({**ON, "archive.hardLimitSeconds": 7200}).arguments).archive
    assert terms is not None
    assert 7200 == terms.limit.total_seconds()


def test_the_archive_takes_its_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them is one that the program knows."""
    values = {
        **ON,
        "archive.keepDays": 400,
        "archive.logs.podBytes": 2048,
        "archive.logs.runBytes": 4096,
        "watchNamespaces": ["ingest", "reports"],
    }
    (container,) = render(values).template("archive")["spec"]["containers"]
    assert ["python", "-m", "headrace.archive"] == container["command"]
    monkeypatch.setenv(URL, "sqlite://")
    settings = read(container["args"])
    assert settings.keep is not None
    assert (400, 2048, 4096) == (
        settings.keep.days,
        settings.limits.pod_bytes,
        settings.limits.run_bytes,
    )
    assert ("ingest", "reports") == settings.namespaces


def test_sqlite_is_on_a_volume_that_outlives_the_release() -> None:
    """`helm uninstall` must not take years of history with it."""
    rendered = render({**ON, "archive.storage.storageClassName": "fast"})
    claim = rendered.one("PersistentVolumeClaim", "headrace-archive")
    assert "keep" == claim["metadata"]["annotations"]["helm.sh/resource-policy"]
    assert "fast" == claim["spec"]["storageClassName"]
    pod = rendered.template("archive")["spec"]
    assert {"claimName": claim["metadata"]["name"]} == pod["volumes"][1]["persistentVolumeClaim"]
    assert (
        f"sqlite:///{pod['containers'][0]['volumeMounts'][1]['mountPath']}/archive.db"
        == (environment(ON)[URL]["value"])
    )


def test_a_volume_that_exists_is_used() -> None:
    """Then the chart makes none."""
    rendered = render({**ON, "archive.storage.existingClaim": "years"})
    assert () == rendered.all("PersistentVolumeClaim")
    volume = rendered.template("archive")["spec"]["volumes"][1]
    assert "years" == volume["persistentVolumeClaim"]["claimName"]


def test_the_url_of_a_postgresql_comes_from_a_secret() -> None:
    """It has a password, so it is in no argument and no manifest; then there is no volume."""
    rendered = render(POSTGRES)
    found = environment(POSTGRES)[URL]["valueFrom"]
    assert {"secretKeyRef": {"name": "history", "key": "url"}} == found
    assert () == rendered.all("PersistentVolumeClaim")
    assert ["tmp"] == [each["name"] for each in rendered.template("archive")["spec"]["volumes"]]


def test_two_places_for_one_archive_are_refused() -> None:
    """One of them would stay empty, and nobody would know which."""
    with pytest.raises(CommandFailedError, match="give one of them"):
        render({**POSTGRES, "archive.storage.existingClaim": "years"})


def test_the_archive_may_do_what_the_table_says_and_no_more() -> None:
    """It reads what belongs to runs, and marks them. No Secret, no creation, no deletion."""
    rendered = render(ON)
    role = rendered.one("ClusterRole", "headrace-archive")
    assert table(ARCHIVE) == rights(role["rules"])
    binding = rendered.one("ClusterRoleBinding", "headrace-archive")
    account = {"kind": "ServiceAccount", "name": "headrace-archive", "namespace": NAMESPACE}
    assert [account] == binding["subjects"]
    assert "headrace-archive" == rendered.template("archive")["spec"]["serviceAccountName"]


def test_the_archive_of_listed_namespaces_has_rights_there_alone() -> None:
    """A Role in each, as the controller has."""
    rendered = render({**ON, "watchNamespaces": ["ingest", "reports"]})
    granted = {
        role["metadata"]["namespace"]: rights(role["rules"])
        for role in rendered.all("Role")
        if role["metadata"]["name"].endswith("-archive")
    }
    assert {"ingest": table(ARCHIVE), "reports": table(ARCHIVE)} == granted
    assert () == rendered.all("ClusterRoleBinding")


def test_one_archive_writes_at_a_time() -> None:
    """A volume for one node cannot be at two, and a file has one writer."""
    deployments = render(ON).all("Deployment")
    (archive,) = [each for each in deployments if each["metadata"]["name"] == "headrace-archive"]
    assert (1, "Recreate") == (archive["spec"]["replicas"], archive["spec"]["strategy"]["type"])


def test_the_network_lets_the_archive_reach_its_database() -> None:
    """And the API server; nobody else."""
    values = {**POSTGRES, "networkPolicy.enabled": True, "archive.database.port": 6432}
    policy = render(values).one("NetworkPolicy", "headrace-archive")
    ports = {each["port"] for rule in policy["spec"]["egress"] for each in rule["ports"]}
    assert {443, 6443, 53, 6432} == ports
    alone = render({**ON, "networkPolicy.enabled": True}).one("NetworkPolicy", "headrace-archive")
    assert 1 == len(alone["spec"]["egress"])
