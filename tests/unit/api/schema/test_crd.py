"""The CRDs as a whole: names, columns, size: `headrace.api.schema.crd`."""

import json

import pytest

from headrace.api.schema.crd import crd
from headrace.api.schema.kinds import (
    APPROVAL,
    BACKFILL,
    KINDS,
    TASK_RUN,
    WORKFLOW,
    WORKFLOW_RUN,
    Kind,
)

EVERY_KIND = pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
ANNOTATION_LIMIT = 256 * 1024
"""What `kubectl apply` can keep of an object, in an annotation."""

COLUMNS = [
    pytest.param(
        WORKFLOW,
        ["READY", "SUSPENDED", "ACTIVE", "LAST RUN", "OUTCOME", "NEXT RUN", "AGE"],
        ["WAITING", "MESSAGE"],
        id="Workflow",
    ),
    pytest.param(
        WORKFLOW_RUN,
        ["WORKFLOW", "STATUS", "PROGRESS", "STARTED", "DURATION", "LOGICAL TIME", "AGE"],
        ["MESSAGE"],
        id="WorkflowRun",
    ),
    pytest.param(
        APPROVAL,
        ["RUN", "QUESTION", "CHOICES", "ANSWER", "BY", "STATUS", "AGE"],
        ["TASK", "DEADLINE", "MESSAGE"],
        id="Approval",
    ),
    pytest.param(
        BACKFILL,
        ["WORKFLOW", "STATUS", "PROGRESS", "ACTIVE", "FAILED", "NEXT", "AGE"],
        ["SKIPPED", "FROM", "TO", "DURATION", "MESSAGE"],
        id="Backfill",
    ),
    pytest.param(
        TASK_RUN,
        ["RUN", "TASK", "STATUS", "ATTEMPTS", "ITEMS", "STARTED", "DURATION", "AGE"],
        ["NODE", "MESSAGE"],
        id="TaskRun",
    ),
]


@pytest.mark.parametrize(("kind", "always", "wide"), COLUMNS)
def test_kubectl_get_shows_the_columns_of_the_design(
    kind: Kind, always: list[str], wide: list[str]
) -> None:
    """The columns are in this order; those for `-o wide` come last."""
    columns = crd(kind)["spec"]["versions"][0]["additionalPrinterColumns"]
    shown = [each["name"].upper() for each in columns if "priority" not in each]
    more = [each["name"].upper() for each in columns if each.get("priority") == 1]
    assert (always, wide) == (shown, more)


@EVERY_KIND
def test_a_crd_fits_into_an_annotation(kind: Kind) -> None:
    """`kubectl apply` without --server-side works too."""
    assert len(json.dumps(crd(kind))) < ANNOTATION_LIMIT


def test_names_are_those_of_the_design() -> None:
    """Plural, short name and category are API: people and scripts type them."""
    names = {kind.name: crd(kind)["spec"]["names"] for kind in KINDS}
    found = {
        name: (each["plural"], each["singular"], *each["shortNames"], *each["categories"])
        for name, each in names.items()
    }
    assert {
        "Workflow": ("workflows", "workflow", "hrw", "headrace"),
        "WorkflowRun": ("workflowruns", "workflowrun", "hrr", "headrace"),
        "TaskRun": ("taskruns", "taskrun", "hrt", "headrace"),
        "Approval": ("approvals", "approval", "hra", "headrace"),
        "Pool": ("pools", "pool", "hrp", "headrace"),
        "Backfill": ("backfills", "backfill", "hrb", "headrace"),
        "TaskTemplate": ("tasktemplates", "tasktemplate", "hrtt", "headrace"),
        "ClusterTaskTemplate": ("clustertasktemplates", "clustertasktemplate", "hrct", "headrace"),
    } == found


@EVERY_KIND
def test_status_is_a_subresource(kind: Kind) -> None:
    """Who may write a spec may not write a status by it, and the other way round."""
    want = None if kind.status is None else {"status": {}}
    assert want == crd(kind)["spec"]["versions"][0].get("subresources")


def test_only_templates_of_the_whole_cluster_have_no_namespace() -> None:
    """Whoever may write one shapes the tasks of all namespaces."""
    scopes = {kind.name: crd(kind)["spec"]["scope"] for kind in KINDS}
    assert {"ClusterTaskTemplate"} == {name for name, scope in scopes.items() if scope == "Cluster"}


@EVERY_KIND
def test_what_can_be_selected_by_exists(kind: Kind) -> None:
    """Each selectable field is a field of the schema with a plain type."""
    schema = crd(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    for path in kind.selectable:
        part, name = path.removeprefix(".").split(".")
        field = schema["properties"][part]["properties"][name]
        assert field["type"] in {"string", "boolean", "integer"}
