"""The API server and the controller's own reader agree on what is right, over odd objects."""

import json
import re
from itertools import islice

import pytest
from kubernetes import config

from headrace.api.reading.parse import (
    InvalidObjectError,
    parse_backfill,
    parse_pool,
    parse_run,
    parse_task_run,
    parse_template,
    parse_workflow,
)
from headrace.engine.definition.problems import InvalidDefinitionError
from headrace.engine.definition.templates import fill_in, uses_of
from support.mutants import mutants
from support.times import TIMES
from support.written import Manifest, rich, run
from tools.cluster.provider import Cluster

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("crds")]

EVERY = 7
"""Of the thousands of odd objects, one in so many is sent: a prime, so that all values and all
places have their turn."""

ONLY_THE_CONTROLLER_SEES = re.compile(
    r"""
      spec\.params\[\d+\]\.(default|enum(\[\d+\])?|value)   # a type that another field names
    | spec\.triggers\[\d+\]\.schedule\.(cron|timeZone)      # grammar, the list of zones
    | spec\.tasks\[\d+\]\.dependsOn\[\d+\]                  # names in other places
    | spec\.(tasks|finally)\[\d+\]\.(with(\..*)?|uses)     # what the template says of its values
    | spec\.params\[\d+\]\.pattern                        # the syntax of RE2
    | spec\.(params|env)                                   # names that parameters have
    | spec\.triggers\[\d+\]\.workflow\.paramsFrom\[\d+\]\.name
    | spec\.triggers\[\d+\]\.webhook\.(params(\[\d+\]\.expression)?|when)  # names, expressions
    | spec\.tasks\[\d+\]\.volumeMounts\[\d+\]\.name
    # The CRD leaves the parts of a pod open; the reader knows their shape.
    | spec\.((defaults|(tasks|finally)\[\d+\])\.)?
      (env\[\d+\]\.valueFrom|envFrom\[\d+\]|volumes\[\d+\]|tolerations\[\d+\]
       |affinity|resources|podLabels|podAnnotations|nodeSelector)   # also: no schema checks keys
      [\w.\[\]]*
    | spec\.((defaults|(tasks|finally)\[\d+\])\.)?(env\[\d+\]\.value|when)  # expressions
    | spec\.(tasks|finally)\[\d+\]
      \.(wait\.until|cache\.key|forEach(\..*)?|workflow\.params\[\d+\]\.value
         |approval\.(message|failOn|onTimeout)(\[\d+\])?)
    | spec\.outputs\[\d+\]\.expression
    | spec\.logicalTime      # the API server takes a list for a text with a format
    | spec\.interval\.(start|end)
    """,
    re.VERBOSE,
)
SUCCESS = 300
TEMPLATES = {
    uses_of(each["metadata"]["name"]): parse_template(each)
    for each in rich()
    if each["kind"] == "TaskTemplate"
}
"""Those that the rich objects use."""


class Server:
    """The API server, asked what it would say."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        """Ask as the cluster's administrator."""
        self._api = config.new_client_from_config(cluster.variables()["KUBECONFIG"])
        self._path = f"/apis/headrace.dev/v1alpha1/namespaces/{namespace}"

    def refusal(self, manifest: Manifest) -> str | None:
        """Return why an object would be refused; None if it would be taken."""
        everywhere = manifest["kind"] == "ClusterTaskTemplate"
        base = self._path.partition("/namespaces/")[0] if everywhere else self._path
        path = f"{base}/{manifest['kind'].lower()}s?dryRun=All&fieldValidation=Strict"
        answer = self._api.rest_client.request(
            "POST",
            self._api.configuration.host + path,
            headers={"Accept": "application/json", "Content-Type": "application/json"},
            body=manifest,
            _request_timeout=60,
        )
        told = json.loads(answer.data or answer.read())
        return None if answer.status < SUCCESS else str(told["message"])


@pytest.fixture
def server(cluster: Cluster, namespace: str) -> Server:
    """Return the API server."""
    return Server(cluster, namespace)


def fields(manifest: Manifest) -> list[str]:
    """Return the fields that our own reader finds wrong."""
    try:
        match manifest["kind"]:
            case "Workflow":
                fill_in(parse_workflow(manifest), TEMPLATES)
            case "WorkflowRun":
                parse_run(manifest)
            case "Pool":
                parse_pool(manifest)
            case "TaskTemplate" | "ClusterTaskTemplate":
                parse_template(manifest)
            case "Backfill":
                parse_backfill(manifest)
            case _:
                parse_task_run(manifest)
    except (InvalidObjectError, InvalidDefinitionError) as error:
        return [problem.path for problem in error.problems]
    return []


@pytest.mark.parametrize("manifest", rich(), ids=lambda manifest: manifest["metadata"]["name"])
def test_nobody_takes_what_the_other_refuses(server: Server, manifest: Manifest) -> None:
    """What the server takes and we refuse is in the list of what only the controller can see."""
    for steps, mutant in islice(mutants(manifest), 0, None, EVERY):
        refusal, ours = server.refusal(mutant), fields(mutant)
        if refusal:
            assert ours, (steps, refusal)
        else:
            unseen = [path for path in ours if not ONLY_THE_CONTROLLER_SEES.fullmatch(path)]
            assert not unseen, (steps, ours)


def test_times_are_read_alike(server: Server) -> None:
    """The same texts are times for both."""
    runs = {text: run(logicalTime=text) for text in TIMES}
    assert TIMES == {text: server.refusal(each) is None for text, each in runs.items()}
    assert TIMES == {text: not fields(each) for text, each in runs.items()}
