"""What the chart lets the controller and people do: `rbac.yaml`, `aggregated-roles.yaml`."""

from collections.abc import Iterable

import pytest

from chart.rendering import NAMESPACE, Manifest, Rendered, render
from chart.rights import CONTROLLER, EVERYWHERE, LEASE

Right = tuple[str, str, str]  # group, resource, verb

PEOPLE = ("workflows", "workflowruns", "taskruns", "backfills", "tasktemplates")

TWO = {"watchNamespaces": ["ingest", "reports"]}
NEVER = {"secrets", "pods/exec", "pods/attach", "pods/portforward", "pods/ephemeralcontainers"}
ESCALATING = {"*", "escalate", "bind", "impersonate"}


def rights(rules: Iterable[Manifest]) -> set[Right]:
    return {
        (group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def table(rows: dict[tuple[str, str], str]) -> set[Right]:
    return {(*what, verb) for what, verbs in rows.items() for verb in verbs.split()}


def roles(rendered: Rendered) -> tuple[Manifest, ...]:
    return (*rendered.all("Role"), *rendered.all("ClusterRole"))


def test_the_controller_of_a_cluster_may_do_what_the_table_says_and_no_more() -> None:
    """One ClusterRole holds exactly the rights of the table, bound to the controller alone."""
    rendered = render()
    role = rendered.one("ClusterRole", "headrace-controller")
    assert table(CONTROLLER | EVERYWHERE) == rights(role["rules"])
    binding = rendered.one("ClusterRoleBinding")
    assert "headrace-controller" == binding["roleRef"]["name"]
    account = {"kind": "ServiceAccount", "name": "headrace", "namespace": NAMESPACE}
    assert [account] == binding["subjects"]


def test_a_controller_of_listed_namespaces_has_rights_there_and_nowhere_else() -> None:
    """A Role with the same rights in each listed namespace; nothing is granted cluster-wide."""
    rendered = render(TWO)
    granted = {
        role["metadata"]["namespace"]: rights(role["rules"])
        for role in rendered.all("Role")
        if role["metadata"]["name"].endswith("-controller")
    }
    assert {"ingest": table(CONTROLLER), "reports": table(CONTROLLER)} == granted
    assert () == rendered.all("ClusterRoleBinding")
    bound = {each["metadata"]["namespace"] for each in rendered.all("RoleBinding")}
    assert {"ingest", "reports", NAMESPACE} == bound


@pytest.mark.parametrize("values", [{}, TWO], ids=["cluster", "listed"])
def test_the_lease_is_the_only_right_in_the_releases_own_namespace(values: dict[str, str]) -> None:
    """Leader election may create Leases, and read and renew its own; no other Lease."""
    role = render(values).one("Role", "headrace-leader-election")
    assert NAMESPACE == role["metadata"]["namespace"]
    assert table(LEASE) == rights(role["rules"])
    for rule in role["rules"]:
        if rule["verbs"] != ["create"]:
            assert ["headrace"] == rule["resourceNames"]


def test_the_lease_of_the_rights_is_the_lease_of_the_command_line() -> None:
    """Whatever the release is called, the controller may renew the Lease that it is told to use."""
    rendered = render(release="blue")
    role = rendered.one("Role")
    assert f"--lease-namespace={role['metadata']['namespace']}" in rendered.arguments
    assert f"--lease-name={role['rules'][1]['resourceNames'][0]}" in rendered.arguments


@pytest.mark.parametrize(
    "values", [{}, TWO, {"reserveNamespace": True}], ids=["cluster", "listed", "reserved"]
)
def test_no_role_has_a_wildcard_or_a_way_to_more_rights(values: dict[str, str]) -> None:
    """No wildcard, no secret, no shell in a pod, no pod made directly, no right to grant rights."""
    for role in roles(render(values)):
        for group, resource, verb in rights(role["rules"]):
            assert "*" not in (group, resource)
            assert resource not in NEVER
            assert verb not in ESCALATING
            assert (resource, verb) != ("pods", "create")
            assert "rbac.authorization.k8s.io" != group


def test_people_who_view_may_read_and_people_who_edit_may_write_but_not_the_status() -> None:
    """view, edit and admin gain Headrace's kinds; the status stays the controller's."""
    rendered = render()
    view, edit = (rendered.one("ClusterRole", f"headrace-{name}") for name in ("view", "edit"))
    seen = (*PEOPLE, "approvals", "pools", "clustertasktemplates")
    reads = {("headrace.dev", kind, verb) for kind in seen for verb in ("get", "list", "watch")}
    assert reads == rights(view["rules"])
    writes = {"create", "update", "patch", "delete", "deletecollection"}
    answers = {("headrace.dev", "approvals", verb) for verb in writes - {"create"}}
    writing = {("headrace.dev", k, verb) for k in PEOPLE for verb in writes}
    assert writing | answers == rights(edit["rules"])
    assert {"view", "edit", "admin"} == aggregated(view)
    assert {"edit", "admin"} == aggregated(edit)


def test_a_controller_of_listed_namespaces_reads_the_clusters_templates_if_asked_to() -> None:
    """The one right outside of its namespaces, and the flag that makes use of it."""
    rendered = render({**TWO, "templates.everywhere": True})
    (role,) = (each for each in rendered.all("ClusterRole") if "-controller" in names([each]).pop())
    assert table(EVERYWHERE) == rights(role["rules"])
    assert role["metadata"]["name"] == rendered.one("ClusterRoleBinding")["roleRef"]["name"]
    assert "--cluster-templates" in rendered.arguments
    assert "--cluster-templates" not in render(TWO).arguments


def test_templates_of_the_cluster_are_written_by_nobody_who_has_not_been_named() -> None:
    """Whoever writes one runs programs in every namespace; a role for it waits to be bound."""
    author = render().one("ClusterRole", "headrace-template-author")
    assert set() == aggregated(author)
    writes = {"create", "update", "patch", "delete"}
    assert {("headrace.dev", "clustertasktemplates", verb) for verb in writes} <= rights(
        author["rules"]
    )


def test_pools_are_written_by_who_runs_a_namespace() -> None:
    """An author of workflows could else give the own workflow more slots."""
    admin = render().one("ClusterRole", "headrace-admin")
    writes = ("create", "update", "patch", "delete", "deletecollection")
    assert {("headrace.dev", "pools", verb) for verb in writes} == rights(admin["rules"])
    assert {"admin"} == aggregated(admin)


def aggregated(role: Manifest) -> set[str]:
    start = "rbac.authorization.k8s.io/aggregate-to-"
    labels = role["metadata"]["labels"].items()
    return {name.removeprefix(start) for name, value in labels if name.startswith(start)}


def test_rights_can_be_left_to_somebody_else() -> None:
    """Without rbac.create and rbac.aggregate the chart grants nothing to anybody."""
    rendered = render({"rbac.create": False, "rbac.aggregate": False})
    assert () == roles(rendered)
    assert () == rendered.all("ClusterRoleBinding")
    assert () == rendered.all("RoleBinding")


def test_a_second_controller_for_the_whole_cluster_is_refused_by_its_names() -> None:
    """Two releases for all namespaces give the same ClusterRole, so helm refuses the second."""
    first, second = render(release="blue"), render(release="green")
    assert names(first.all("ClusterRole")) == names(second.all("ClusterRole"))


def test_releases_for_different_namespaces_can_stand_side_by_side() -> None:
    """Two releases for listed namespaces share no name of an object without a namespace."""
    kinds = (
        "ClusterRole",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
    )
    for kind in kinds:
        blue, green = (render(TWO, release=name).all(kind) for name in ("blue", "green"))
        assert names(blue)
        assert names(blue).isdisjoint(names(green))


def names(manifests: Iterable[Manifest]) -> set[str]:
    return {each["metadata"]["name"] for each in manifests}
