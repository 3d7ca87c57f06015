"""
What the controller may do, by (group, resource): the verbs. One that is not here is one too many.

The table that people read, with what each right is for, is in docs/how-to/install.md.
"""

CONTROLLER: dict[tuple[str, str], str] = {
    ("headrace.dev", "workflows"): "get list watch",
    ("headrace.dev", "workflows/status"): "patch",
    ("headrace.dev", "workflowruns"): "get list watch create patch delete",
    ("headrace.dev", "workflowruns/status"): "patch",
    ("headrace.dev", "taskruns"): "get list watch create",
    ("headrace.dev", "approvals"): "get list watch create",
    ("headrace.dev", "approvals/status"): "patch",
    ("headrace.dev", "taskruns/status"): "patch",
    ("headrace.dev", "pools"): "get list watch",
    ("headrace.dev", "pools/status"): "patch",
    ("headrace.dev", "backfills"): "get list watch",
    ("headrace.dev", "tasktemplates"): "get list watch",
    ("headrace.dev", "backfills/status"): "patch",
    ("batch", "jobs"): "get list watch create patch delete",
    ("batch", "jobs/status"): "patch",
    ("", "configmaps"): "create",
    ("", "pods"): "list watch",
    ("apps", "controllerrevisions"): "get list create delete",
    ("", "events"): "list",
    ("events.k8s.io", "events"): "create",
    ("", "serviceaccounts"): "get",
}

EVERYWHERE: dict[tuple[str, str], str] = {
    ("headrace.dev", "clustertasktemplates"): "get list watch",
}
"""What is in no namespace."""

RECEIVER: dict[tuple[str, str], str] = {
    ("headrace.dev", "workflows"): "get list watch",
    ("headrace.dev", "workflowruns"): "create get",
    ("", "secrets"): "get",
}
"""What the receiver may do in a listed namespace; of Secrets, only with those that are named."""

ARCHIVE: dict[tuple[str, str], str] = {
    ("headrace.dev", "workflowruns"): "get list watch patch",
    ("headrace.dev", "taskruns"): "list",
    ("apps", "controllerrevisions"): "get",
    ("", "events"): "list",
    ("", "pods"): "list",
    ("", "pods/log"): "get",
}
"""What the archive may do."""

LEASE: dict[tuple[str, str], str] = {("coordination.k8s.io", "leases"): "get create update"}
