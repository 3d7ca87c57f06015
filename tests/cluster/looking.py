"""
What the API server holds, asked without starting a program for each look.

Knows paths and JSON. A test looks several times a second, and kubectl costs a tenth of a core each.
"""

import json
from typing import Any

from kubernetes import config

Manifest = dict[str, Any]

PATHS = {
    "workflow": "/apis/headrace.dev/v1alpha1/namespaces/{}/workflows",
    "workflowrun": "/apis/headrace.dev/v1alpha1/namespaces/{}/workflowruns",
    "taskrun": "/apis/headrace.dev/v1alpha1/namespaces/{}/taskruns",
    "backfill": "/apis/headrace.dev/v1alpha1/namespaces/{}/backfills",
    "approval": "/apis/headrace.dev/v1alpha1/namespaces/{}/approvals",
    "job": "/apis/batch/v1/namespaces/{}/jobs",
    "pod": "/api/v1/namespaces/{}/pods",
    "event": "/apis/events.k8s.io/v1/namespaces/{}/events",
    "lease": "/apis/coordination.k8s.io/v1/namespaces/{}/leases",
    "controllerrevision": "/apis/apps/v1/namespaces/{}/controllerrevisions",
    "resourcequota": "/api/v1/namespaces/{}/resourcequotas",
}
FAILED = 400
NOT_FOUND = 404
SECONDS = 30


class Looking:
    """Reads objects; writes nothing."""

    def __init__(self, kubeconfig: str) -> None:
        """Use the identity of a kubeconfig."""
        self._api = config.new_client_from_config(kubeconfig)  # type: ignore[no-untyped-call] # it has few
        self._server = self._api.configuration.host

    def get(self, kind: str, namespace: str, name: str) -> Manifest:
        """Return an object; an empty one if it does not exist."""
        found = self._ask(f"{PATHS[kind].format(namespace)}/{name}")
        return {} if found.get("code") == NOT_FOUND else found

    def all(self, kind: str, namespace: str, selector: str = "") -> list[Manifest]:
        """Return all objects of a kind, those with certain labels if a selector says so."""
        query = f"?labelSelector={selector}" if selector else ""
        return list(self._ask(PATHS[kind].format(namespace) + query)["items"])

    def _ask(self, path: str) -> Manifest:
        answer = self._api.rest_client.request(
            "GET",
            self._server + path,
            headers={"Accept": "application/json"},
            _request_timeout=SECONDS,
        )
        told = dict(json.loads(answer.data or answer.read()))
        assert answer.status < FAILED or answer.status == NOT_FOUND, told
        return told
