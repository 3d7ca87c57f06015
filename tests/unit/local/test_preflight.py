"""What this machine does not have: `headrace.local.preflight`."""

import os
from pathlib import Path
from typing import Any

import pytest

from headrace.api.v1alpha1.task import TaskBody
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.definition.compile import compile_workflow
from headrace.local import preflight

SECRET = {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
OPTIONAL = {"secretKeyRef": {"name": "s", "key": "k", "optional": True}}
PLAIN = {"name": "REGION", "value": "eu"}


def spec(defaults: dict[str, Any], task: dict[str, Any], last: dict[str, Any]) -> WorkflowSpec:
    return WorkflowSpec.model_validate(
        {
            "defaults": {"image": "example.org/etl:1", **defaults},
            "tasks": [{"name": "a", **task}],
            "finally": [{"name": "z", **last}],
        }
    )


@pytest.mark.parametrize(
    ("workflow", "variables", "want"),
    [
        pytest.param(spec({}, {"env": [PLAIN]}, {}), (), [], id="a plain value"),
        pytest.param(
            spec({}, {"env": [PLAIN, SECRET]}, {}),
            (),
            ["spec.tasks[0].env[1].valueFrom"],
            id="a value of the cluster",
        ),
        pytest.param(
            spec({}, {"env": [SECRET]}, {}), ("PASSWORD",), [], id="a value that the shell has"
        ),
        pytest.param(
            spec({"env": [SECRET]}, {}, {"envFrom": [{"secretRef": {"name": "s"}}]}),
            (),
            ["spec.defaults.env[0].valueFrom", "spec.finally[0].envFrom[0]"],
            id="anywhere in the workflow",
        ),
        pytest.param(
            spec({}, {"env": [{"name": "PASSWORD", "valueFrom": OPTIONAL}]}, {}),
            (),
            [],
            id="an optional value",
        ),
        pytest.param(
            spec({}, {"envFrom": [{"configMapRef": {"name": "c", "optional": True}}]}, {}),
            (),
            [],
            id="several optional values",
        ),
    ],
)
def test_values_that_only_a_cluster_has(
    workflow: WorkflowSpec, variables: tuple[str, ...], want: list[str]
) -> None:
    """Each is named by its field."""
    assert want == [each.path for each in preflight.foreign_values(workflow, variables)]


@pytest.mark.parametrize(
    ("workflow", "want"),
    [
        pytest.param(spec({}, {}, {}), 0, id="no volumes"),
        pytest.param(
            spec(
                {"volumes": [{"name": "data", "emptyDir": {}}]},
                {"volumeMounts": [{"name": "data", "mountPath": "/data"}]},
                {},
            ),
            1,
            id="several fields, one notice",
        ),
    ],
)
def test_volumes(workflow: WorkflowSpec, want: int) -> None:
    """What has no effect is said, and said once."""
    assert want == len(list(preflight.volumes(workflow, "tasks see files")))


@pytest.mark.parametrize(
    ("workflow", "want"),
    [
        pytest.param(spec({}, {}, {}), [], id="none is asked for"),
        pytest.param(spec({"workingDir": "/"}, {}, {}), [], id="this machine has it"),
        pytest.param(
            spec({}, {"workingDir": "/no/such"}, {}), ["spec.tasks[0].workingDir"], id="a task's"
        ),
        pytest.param(
            spec({"workingDir": "/no/such"}, {}, {}),
            ["spec.defaults.workingDir"],
            id="everybody's, told once",
        ),
        pytest.param(
            spec({"workingDir": "/no/such"}, {"workingDir": "/"}, {"workingDir": "/"}),
            [],
            id="a default that nobody uses",
        ),
        pytest.param(
            spec({"workingDir": "/no/such"}, {"workingDir": "/"}, {"workingDir": "/nor/this"}),
            ["spec.finally[0].workingDir"],
            id="a finally task's",
        ),
    ],
)
def test_missing_folders(workflow: WorkflowSpec, want: list[str]) -> None:
    """Each is named where it was written."""
    found = preflight.missing_folders(workflow, compile_workflow(workflow))
    assert want == [problem.path for problem in found]


def test_a_folder_that_is_none_or_is_closed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is no folder, and one that may not be entered is told as that."""
    (tmp_path / "file").touch()
    file = preflight.missing_folder(TaskBody(working_dir=str(tmp_path / "file")))
    assert file is not None
    assert file.startswith("there is no folder")
    monkeypatch.setattr(os, "access", lambda *_: False)
    closed = preflight.missing_folder(TaskBody(working_dir=str(tmp_path)))
    assert closed is not None
    assert "cannot be entered; change its rights, or use --runner podman or docker" in closed
