"""
An API server: finds the way there, asks, and says in one sentence what its answers mean.

Knows requests and status codes. Knows no object's meaning, and nothing of the task.
"""

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from kubernetes.client import ApiClient, Configuration
from kubernetes.client.exceptions import ApiException
from kubernetes.config import (
    ConfigException,
    list_kube_config_contexts,
    load_incluster_config,
    load_kube_config,
)
from task_contract import End, TryAgain, WrongInput, info
from urllib3.exceptions import HTTPError, MaxRetryError, SSLError
from yaml import YAMLError

TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")
MANAGER = "headrace-resource"
"""Who owns the fields that are applied."""
APPLY = "application/apply-patch+yaml"
BUSY = frozenset({429, 500, 502, 503, 504})
UNTYPED = "failed to create typed patch object"
"""What the server says with status 500 of a field that the schema does not know."""
LONGEST_WAIT = 30.0
SHOWN = 400


class Away(Exception):  # noqa: N818 - it may come back
    """The server did not answer, or said that it is busy."""


class Refused(Exception):  # noqa: N818 - an answer
    """The server answered, and not with what was asked for."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind that the server has."""

    group: str
    version: str
    name: str
    plural: str
    namespaced: bool

    def path(self, namespace: str, name: str) -> str:
        """Return where an object of this kind is."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        inside = f"/namespaces/{quote(namespace, safe='')}" if self.namespaced else ""
        return f"{root}{inside}/{self.plural}/{quote(name, safe='')}"

    def rule(self, *verbs: str) -> str:
        """Return the rule of a Role that allows verbs."""
        lists = (f'apiGroups: ["{self.group}"]', f"resources: [{self.plural}]")
        return f"{{{', '.join(lists)}, verbs: [{', '.join(verbs)}]}}"


RUNS = Kind("headrace.dev", "v1alpha1", "WorkflowRun", "workflowruns", namespaced=True)


class Api:
    """Requests to one API server, as the identity that this process has."""

    def __init__(self, configuration: Configuration, timeout: int, tries: int) -> None:
        self._client = ApiClient(configuration)
        self._timeout = timeout
        self._tries = tries

    def kind(self, api_version: str, name: str) -> Kind:
        """
        Return a kind by its name.

        Raises:
            WrongInput: The server has none of this name.

        """
        group, _, version = api_version.rpartition("/")
        root = f"/apis/{group}/{version}" if group else f"/api/{version}"
        try:
            listed = self.patiently(lambda: self.ask("GET", root))
        except Refused as error:
            if error.status != 404:  # noqa: PLR2004 - a status of HTTP
                raise WrongInput(f"{root} answers {error.status}: {error.message}") from error
            listed = {}
        for each in listed.get("resources", ()):
            if each["kind"] == name and "/" not in each["name"]:
                return Kind(group, version, name, each["name"], each["namespaced"])
        raise WrongInput(
            f"the cluster has no kind {name} of {api_version}; correct the manifest, or install the"
            " CRD of this kind"
        )

    def patiently(self, request: Callable[[], Any]) -> Any:
        """
        Repeat a request while the server is away.

        Raises:
            TryAgain: It was away each time.

        """
        for attempt in range(1, self._tries + 1):
            try:
                return request()
            except Away as error:
                if attempt == self._tries:
                    raise TryAgain(f"the API server is away: {error}, {attempt} times") from error
                seconds = min(2.0 ** (attempt - 1), LONGEST_WAIT)
                info(f"the API server is away: {error}; again in {seconds:.0f}s", attempt=attempt)
                time.sleep(seconds)
        raise AssertionError

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        content: str = "application/json",
    ) -> Any:
        """
        Ask once.

        Raises:
            Away: No answer came, or the server is busy.
            Refused: It has another answer than success.

        """
        headers = {"Accept": "application/json", "Content-Type": content}
        client = self._client
        client.update_params_for_auth(headers, [], ["BearerToken"], path, method, body)
        url = f"{client.configuration.host}{path}{'?' if query else ''}{urlencode(query or {})}"
        sent = body if content == "application/json" else json.dumps(body)
        try:
            answer = client.call_api(method, url, headers, sent, _request_timeout=self._timeout)
            data = answer.read()
        except ApiException as error:
            if error.status:
                raise _refusal(error.status, error.body) from error
            raise _unreachable(error) from error
        except (HTTPError, OSError) as error:
            raise _unreachable(error) from error
        if not 200 <= answer.status < 300:  # noqa: PLR2004 - what HTTP calls a success
            raise _refusal(answer.status, data)
        try:
            return json.loads(data)
        except ValueError as error:
            raise Away(f"its answer is no JSON: {error}") from error


def connect(timeout: int, tries: int) -> tuple[Api, str]:
    """
    Return the API server, and the namespace of who asks: of the pod, or of the kubeconfig.

    Raises:
        WrongInput: There is no way there.

    """
    configuration = Configuration()
    configuration.retries = False
    try:
        if TOKEN.exists():
            load_incluster_config(client_configuration=configuration)
            return Api(configuration, timeout, tries), TOKEN.with_name("namespace").read_text()
        # By its variable now: the library has read that when it was imported.
        file = os.environ.get("KUBECONFIG") or None
        load_kube_config(config_file=file, client_configuration=configuration)
        return Api(configuration, timeout, tries), _current_namespace(file)
    except (ConfigException, YAMLError, OSError, ValueError) as error:
        where = "in a pod set serviceAccountName on the task; on a laptop KUBECONFIG"
        said = " ".join(str(error).split())[:SHOWN]
        raise WrongInput(f"there is no way to an API server ({said}); {where}") from error


def _current_namespace(file: str | None) -> str:
    _, current = list_kube_config_contexts(config_file=file)
    return str(current["context"].get("namespace") or "default")


def _refusal(status: int, body: str | bytes | None) -> Exception:
    text = body.decode(errors="replace") if isinstance(body, bytes) else (body or "")
    try:
        said = json.loads(text)["message"]
    except (ValueError, KeyError, TypeError):
        said = text
    message = " ".join(str(said).split())[:SHOWN]
    if status in BUSY and UNTYPED not in message:
        return Away(f"it answers {status}: {message}" if message else f"it answers {status}")
    return Refused(status, message)


def _unreachable(error: Exception) -> Exception:
    cause = error.reason if isinstance(error, MaxRetryError) else error
    words = " ".join(str(getattr(cause, "reason", None) or cause).split())[:SHOWN]
    if isinstance(cause, SSLError) or "CERTIFICATE_VERIFY_FAILED" in words:
        return End(
            f"the certificate of the API server is not valid: {words}; correct the kubeconfig"
        )
    return Away(words or type(cause).__name__)
