"""Where things are in the API: `headrace.kube.resources`."""

import pytest

from headrace.cluster.kinds import WORKFLOW_RUNS
from headrace.kube.resources import JOBS, NAMESPACES, PODS, Ref, Resource, Scope


@pytest.mark.parametrize(
    ("resource", "namespace", "name", "want"),
    [
        pytest.param(PODS, "a", "b", "/api/v1/namespaces/a/pods/b", id="core"),
        pytest.param(JOBS, "a", "b", "/apis/batch/v1/namespaces/a/jobs/b", id="a group"),
        pytest.param(
            WORKFLOW_RUNS,
            "a",
            "b",
            "/apis/headrace.dev/v1alpha1/namespaces/a/workflowruns/b",
            id="ours",
        ),
        pytest.param(JOBS, "a", "", "/apis/batch/v1/namespaces/a/jobs", id="one namespace's"),
        pytest.param(JOBS, "", "", "/apis/batch/v1/jobs", id="all namespaces'"),
        pytest.param(NAMESPACES, "", "b", "/api/v1/namespaces/b", id="without namespace"),
    ],
)
def test_a_path(resource: Resource, namespace: str, name: str, want: str) -> None:
    """Paths are as https://kubernetes.io/docs/reference/using-api/api-concepts/ says."""
    assert want == resource.path(namespace, name)


def test_addresses_read_as_people_write_them() -> None:
    """Log lines and errors name objects as kubectl does."""
    assert "jobs.batch default/extract" == str(Ref(JOBS, "default", "extract"))
    assert "namespaces team" == str(Ref(NAMESPACES, "", "team"))
    assert "/apis/batch/v1/namespaces/team/jobs" == Scope(JOBS, "team").path
