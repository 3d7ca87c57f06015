"""
The chart on a real cluster: what an installed controller can do, and what people can.

Here Headrace is installed for one listed namespace, beside whatever else runs in the cluster;
the life of an installation for the whole cluster is told in `test_upgrade.py`.
"""

import json
from collections.abc import Iterator

import pytest

from chart.everything import FIELDS, OBJECTS, RECEIVER
from chart.rendering import manifest_in, notes, render
from chart.rights import CONTROLLER
from cluster.control import Stage
from cluster.fixtures import Program
from cluster.installation import RESTRICTED, Release, Right, allowed, load_image
from cluster.story import SUCCEED, Story, task, workflow
from tools.cluster.commands import CommandFailedError
from tools.cluster.one_node import OneNode

pytestmark = pytest.mark.cluster

STAMP = "headrace.dev/requested-by"
NEVER: tuple[tuple[str, str], ...] = (
    ("get", "secrets"),
    ("list", "secrets"),
    ("get", "configmaps"),
    ("create", "pods"),
    ("create", "pods/exec"),
    ("update", "pods"),
    ("update", "workflows.headrace.dev"),
    ("patch", "workflows.headrace.dev"),
    ("list", "serviceaccounts"),
    ("impersonate", "serviceaccounts"),
    ("create", "serviceaccounts/token"),
    ("create", "roles.rbac.authorization.k8s.io"),
    ("bind", "roles.rbac.authorization.k8s.io"),
    ("escalate", "roles.rbac.authorization.k8s.io"),
)
KINDS = ("workflows", "workflowruns", "taskruns", "backfills")


@pytest.fixture(scope="module")
def team(shared_stage: Stage) -> Story:
    """Return a namespace that Headrace watches; only restricted pods are let in."""
    return shared_stage.story(shared_stage.namespace(RESTRICTED))


@pytest.fixture(scope="module")
def other(shared_stage: Stage) -> Story:
    """Return a namespace that Headrace does not watch."""
    return shared_stage.story(shared_stage.namespace())


@pytest.fixture(scope="module")
def release(shared_stage: Stage, helm: Program, team: Story) -> Iterator[Release]:
    """Return Headrace, installed for one namespace, in a namespace for restricted pods."""
    load_image(shared_stage.cluster)
    shared_stage.cluster.provide_image("busybox:1.37")
    it = Release(shared_stage.namespace(RESTRICTED), shared_stage.kubectl, helm)
    it.install(f'watchNamespaces=["{team.namespace}"]', "crds.enabled=false")
    yield it
    it.uninstall()


@pytest.fixture(scope="module")
def people(team: Story, release: Release) -> None:  # noqa: ARG001 - its roles must be there
    """Let alice and bob edit the watched namespace, and let vera view it."""
    for person, role in (("alice", "edit"), ("bob", "edit"), ("vera", "view")):
        team.kubectl("create", "rolebinding", person, f"--clusterrole={role}", f"--user={person}")
    asked = [(verb, "workflows.headrace.dev", team.namespace) for verb in ("get", "create")]
    # The roles view and edit are put together by a controller, in its own time.
    team.until("alice may create", lambda: allowed(team.kubectl, "alice", asked) == set(asked))


def test_the_charts_own_test_passes(release: Release) -> None:
    """`helm test` reaches the controller through its Service, without cluster DNS."""
    assert "The controller is ready." in release.test()


def test_the_first_workflow_of_the_notes_runs_where_pods_are_restricted(
    release: Release,  # noqa: ARG001 - it must be there
    team: Story,
) -> None:
    """What a person reads after the installation works, under restricted Pod Security."""
    text = notes({"watchNamespaces": [team.namespace]})
    team.kubectl("apply", "--filename=-", stdin=manifest_in(text))

    team.ended("hello-once")

    assert {"hello": "Succeeded", "world": "Succeeded"} == team.outcomes("hello-once")


def test_the_api_server_knows_every_field_that_values_can_give(
    release: Release, kubectl: Program
) -> None:
    """With all that can be switched on, each object is accepted; a ServiceMonitor needs its CRD."""
    monitor = {"serviceMonitor.enabled": False}
    rendered = render(
        {**OBJECTS, **FIELDS, **RECEIVER, **monitor, "crds.enabled": False}, release="all"
    )
    for each in rendered.manifests:
        metadata = dict(each["metadata"])
        if "namespace" in metadata:
            metadata["namespace"] = release.home
        text = json.dumps({**each, "metadata": metadata})
        how = ("--dry-run=server", "--validate=strict", "--filename=-")
        assert "created" in kubectl("create", *how, stdin=text)


def test_a_namespace_that_is_not_listed_is_left_alone(
    release: Release,  # noqa: ARG001 - it must be there
    team: Story,
    other: Story,
) -> None:
    """A Workflow there starts nothing and has no status, while the listed one is served."""
    other.workflow("elsewhere", task("one", SUCCEED))
    team.workflow("here", task("one", SUCCEED))
    team.ended("here-once")
    assert "status" not in other.get("workflow", "elsewhere")
    assert [] == other.all("workflowrun")


def test_the_controller_has_its_rights_and_no_others(
    release: Release, kubectl: Program, team: Story, other: Story
) -> None:
    """The API server lets it do what the table says where it is listed, and nothing elsewhere."""
    table = [
        (verb, _resource(*what), namespace)
        for what, verbs in CONTROLLER.items()
        for verb in verbs.split()
        for namespace in (team.namespace, other.namespace, release.home, "")
    ]
    want = {right for right in table if right[2] == team.namespace}
    assert want == allowed(kubectl, release.account, table)
    never = [(verb, resource, team.namespace) for verb, resource in NEVER]
    assert set() == allowed(kubectl, release.account, never)


def _resource(group: str, resource: str) -> str:
    name, slash, subresource = resource.partition("/")
    return f"{name}.{group}{slash}{subresource}"


@pytest.mark.usefixtures("people")
def test_people_get_their_rights_through_the_roles_that_clusters_have(
    kubectl: Program, team: Story
) -> None:
    """Who may view reads, who may edit writes, and nobody but the controller writes a status."""

    def rights(*verbs: str, part: str = "") -> set[Right]:
        return {(v, f"{kind}.headrace.dev{part}", team.namespace) for v in verbs for kind in KINDS}

    answers = {(v, "approvals.headrace.dev", team.namespace) for v in ("update", "patch", "delete")}
    kinds = ("approvals.headrace.dev", "pools.headrace.dev")
    seen = {(v, kind, team.namespace) for v in ("get", "list", "watch") for kind in kinds}
    asks = {("create", kind, team.namespace) for kind in kinds}
    reads = rights("get", "list", "watch") | seen
    writes = rights("create", "update", "patch", "delete") | answers
    status = rights("update", "patch", part="/status")
    everything = reads | writes | status | asks
    assert reads == allowed(kubectl, "vera", everything)
    assert reads | writes == allowed(kubectl, "alice", everything)


class Desk:
    """A person at kubectl, in the watched namespace."""

    def __init__(self, team: Story, person: str) -> None:
        self._team = team
        self._who = f"--as={person}"

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        return self._team.kubectl(*words, self._who, stdin=stdin)

    def create(self, name: str, stamp: str | None = None, kind: str = "WorkflowRun") -> None:
        """Create an object, with a stamp of the person's own making if one is given."""
        metadata = {"name": name, "annotations": {STAMP: stamp} if stamp else {}}
        whole = {"apiVersion": "headrace.dev/v1alpha1", "kind": kind, "metadata": metadata}
        spec = {
            "Workflow": workflow(name, task("one", SUCCEED), suspend=True)["spec"],
            "WorkflowRun": {"workflow": "nothing", "desiredState": "Pause"},
            "TaskRun": {"image": "busybox:1.37", "command": SUCCEED},
        }
        text = json.dumps({**whole, "spec": spec[kind]})
        self.kubectl("create", "--filename=-", stdin=text)


@pytest.fixture
def stamped(people: None, kubectl: Program, team: Story) -> Story:  # noqa: ARG001 - they must have rights
    """Return the watched namespace of a cluster that can stamp; the policies are at work."""
    kinds = kubectl("api-resources", "--api-group=admissionregistration.k8s.io", "--output=name")
    if "mutatingadmissionpolicies" not in kinds:
        pytest.skip("this cluster has no MutatingAdmissionPolicy: it came with Kubernetes 1.36")

    def works() -> bool:
        """Tell whether the API server has taken the policies up, which it does in a second."""
        Desk(team, "alice").create("probe", "probe")
        told = stamp(team, "probe") == "alice"
        team.kubectl("delete", "workflowrun", "probe")
        return told

    team.until("a stamp", works)
    return team


def stamp(team: Story, name: str, kind: str = "workflowrun") -> str | None:
    annotations: dict[str, str] = team.get(kind, name)["metadata"].get("annotations", {})
    return annotations.get(STAMP)


@pytest.mark.parametrize("kind", ["Workflow", "WorkflowRun", "TaskRun"])
def test_who_creates_something_is_stamped_on_it(stamped: Story, kind: str) -> None:
    """The annotation names the person by whom the API server was asked, whatever was written."""
    name = f"by-alice-{kind.lower()}"
    Desk(stamped, "alice").create(name, stamp="the boss", kind=kind)
    assert "alice" == stamp(stamped, name, kind.lower())


def test_nobody_changes_a_stamp(stamped: Story) -> None:
    """Overwriting and removing the annotation change nothing, also for who created the object."""
    alice, bob = Desk(stamped, "alice"), Desk(stamped, "bob")
    alice.create("kept")
    for words in ((f"{STAMP}=bob", "--overwrite"), (f"{STAMP}-",)):
        bob.kubectl("annotate", "workflowrun", "kept", "note=seen", "--overwrite", *words)
        assert "alice" == stamp(stamped, "kept")
    bob.kubectl("patch", "workflowrun", "kept", "--type=merge", "--patch={}")
    assert "alice" == stamp(stamped, "kept")


def test_a_workflow_is_stamped_with_whom_its_present_spec_is_from(stamped: Story) -> None:
    """A new spec brings a new name; a label or the same spec again does not."""
    alice, bob = Desk(stamped, "alice"), Desk(stamped, "bob")
    alice.create("shared", kind="Workflow")
    bob.kubectl("label", "workflow", "shared", "seen=yes")
    assert "alice" == stamp(stamped, "shared", "workflow")
    change = json.dumps({"spec": {"description": "Bob's."}})
    bob.kubectl("patch", "workflow", "shared", "--type=merge", f"--patch={change}")
    assert "bob" == stamp(stamped, "shared", "workflow")
    alice.kubectl("patch", "workflow", "shared", "--type=merge", f"--patch={change}")
    assert "bob" == stamp(stamped, "shared", "workflow")


def test_what_the_controller_says_of_who_asked_is_believed(
    stamped: Story, release: Release
) -> None:
    """It acts on behalf of others: its own word stands, and without one there is no stamp."""
    controller = Desk(stamped, release.account)
    controller.create("on-behalf", stamp="alice")
    controller.create("by-the-clock")
    assert "alice" == stamp(stamped, "on-behalf")
    assert None is stamp(stamped, "by-the-clock")
    # Nobody can claim it afterwards.
    Desk(stamped, "bob").kubectl("annotate", "workflowrun", "by-the-clock", f"{STAMP}=bob")
    assert None is stamp(stamped, "by-the-clock")


def test_without_the_stamping_policy_a_false_stamp_is_refused(
    stamped: Story, release: Release
) -> None:
    """Where the API server cannot stamp, nobody can write another's name, and is told so."""
    policy = f"{release.home}-{release.name}-requested-by"
    bob = Desk(stamped, "bob")

    def refused() -> str:
        try:
            bob.create("forged", stamp="alice")
        except CommandFailedError as error:
            return str(error)
        stamped.kubectl("delete", "workflowrun", "forged")
        return ""

    stamped.kubectl("delete", "mutatingadmissionpolicybinding", policy)
    try:
        words = stamped.until("the refusal", refused)
        assert "is not yours to write; take it out" in words
        bob.create("honest", stamp="bob")
        with pytest.raises(CommandFailedError, match="leave it at bob"):
            Desk(stamped, "alice").kubectl("annotate", "workflowrun", "honest", f"{STAMP}-")
    finally:
        release.install(f'watchNamespaces=["{stamped.namespace}"]', "crds.enabled=false")


def test_the_api_server_refused_the_controller_nothing(
    release: Release, shared_stage: Stage, team: Story
) -> None:
    """In all that it did here there was no request that its rights did not cover."""
    it = shared_stage.cluster
    if not isinstance(it, OneNode):
        pytest.skip("only the one-node cluster keeps an audit log where a test can read it")
    team.workflow("last", task("one", SUCCEED))
    team.ended("last-once")
    lines = it.instance.audit_log.read_text().splitlines()
    done = [
        each for each in map(json.loads, lines) if each["user"].get("username") == release.account
    ]
    codes = {each.get("responseStatus", {}).get("code") for each in done}
    assert 201 in codes
    assert codes.isdisjoint({401, 403})
