"""
Objects of a cluster: few and small requests, with the rights of whoever asks.

Lists with a selector go without a limit, since the API server then answers from its memory. Lists
of all objects of a kind have one. Knows paths and errors; prints nothing.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from headrace.access.connection import Connection, Query
from headrace.access.failures import NoClusterError, RefusedError
from headrace.api.v1alpha1.labels import RUN
from headrace.cli.window.exits import (
    MissingError,
    NoRightError,
    NotAllowedError,
    NotThereError,
    TakenError,
    WindowError,
    no_such,
)
from headrace.cli.window.source import Choice, Listed
from headrace.cluster.kinds import APPROVALS, TASK_RUNS
from headrace.kube.resources import CONTROLLER_REVISIONS, CORE_EVENTS, Resource
from headrace.views.objects import Object, entries, field, name, text

NAMES_ONLY: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
MOST_NAMES: Final = "1000"
"""How many names a completion, or the search for the nearest one, looks at."""

_NO_RIGHT: Final = '" cannot '
"""What the API server says of a missing right: `User "bob" cannot list …`."""
_WRITE: Final = {"fieldManager": "headrace-cli", "fieldValidation": "Strict"}
_DRY_RUN: Final = {"dryRun": "All"}
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
MOST_EVENTS: Final = 20
WORDS: Final = 2
"""How many different warnings are of use."""


class ClusterSource:
    """The objects of one namespace of a cluster."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @property
    def namespace(self) -> str:
        """The namespace to look in."""
        return self.connection.place.namespace

    def listed(self, kind: Resource, choice: Choice) -> Listed:
        """Return objects of a kind."""
        query = {
            "labelSelector": choice.labels,
            "fieldSelector": choice.fields,
            "limit": str(choice.most or ""),
        }
        with _told(kind):
            answer = self._get(kind.path("" if choice.everywhere else self.namespace), query)
        items = [_whole(item, kind) for item in entries(answer, "items")]
        return Listed(items, more=bool(text(answer, "metadata", "continue")))

    def named(self, kind: Resource, name: str) -> Object:
        """Return an object by its name. If there is none, the error names the nearest one."""
        try:
            with _told(kind):
                found: Object = self._get(self._path(kind, name))
        except MissingError:
            raise no_such(kind.kind, name, self._where, self.names(kind)) from None
        return found

    def names(self, kind: Resource) -> list[str]:
        """Return the names of a kind's objects."""
        with _told(kind):
            path = kind.path(self.namespace)
            answer = self.connection.get(path, {"limit": MOST_NAMES}, NAMES_ONLY)
        return [name(item) for item in entries(answer, "items")]

    def tasks(self, run: str) -> Sequence[Object]:
        """Return the TaskRuns of a run."""
        return self.listed(TASK_RUNS, Choice(labels=f"{RUN}={run}")).items

    def definition(self, run: Object) -> Object | None:
        """Return the pinned definition of a run; None: it is not there, or may not be read."""
        revision = text(run, "status", "revision")
        if not revision:
            return None
        try:
            with _told(CONTROLLER_REVISIONS):
                kept = self._get(CONTROLLER_REVISIONS.path(self.namespace, revision))
        except (MissingError, NotAllowedError):
            return None
        spec = field(kept, "data", "spec")
        return spec if isinstance(spec, Mapping) else None

    def warnings(self, about: str) -> Sequence[str]:
        """Return the newest warnings of Kubernetes on a pod or Job, by its name."""
        fields = f"involvedObject.name={about},type=Warning"
        try:
            events = self.listed(CORE_EVENTS, Choice(fields=fields, most=MOST_EVENTS)).items
        except (MissingError, NotAllowedError):
            return ()
        newest = sorted(events, key=lambda event: text(event, "lastTimestamp"), reverse=True)
        words = dict.fromkeys(text(event, "message") for event in newest)
        return list(words)[:WORDS]

    def change(self, kind: Resource, name: str, patch: dict[str, Any]) -> Object:
        """Merge into an object; return it as it is then."""
        try:
            with _told(kind):
                changed: Object = self.connection.patch(
                    self._path(kind, name), patch, {"fieldManager": "headrace-cli"}
                )
        except MissingError:
            raise no_such(kind.kind, name, self._where, self.names(kind)) from None
        return changed

    def carried_out(self, run: str) -> str:  # noqa: ARG002 - the controller sees each change
        """Return nothing: the controller carries out what is wanted."""
        return ""

    def answer(self, question: Object, choice: str, comment: str) -> Object:
        """
        Answer a question; return it as it is then.

        A cluster before Kubernetes 1.36 does not write who answers, and tells what to write.
        """
        answer = {"choice": choice, **({"comment": comment} if comment else {})}
        try:
            return self.change(APPROVALS, name(question), {"spec": {"answer": answer}})
        except NotAllowedError as error:
            if "spec.answer.by:" not in str(error):
                raise
        named = {**answer, "by": self._me()}
        return self.change(APPROVALS, name(question), {"spec": {"answer": named}})

    def _me(self) -> str:
        """Return the name that the API server knows us by."""
        path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        with _told(APPROVALS):
            return text(self.connection.post(path, body), "status", "userInfo", "username")

    def create(self, kind: Resource, body: dict[str, Any], *, dry_run: bool = False) -> Object:
        """Create an object; in a dry run it is judged, and not kept."""
        query = {**_WRITE, **(_DRY_RUN if dry_run else {})}
        namespace = text(body, "metadata", "namespace") or self.namespace
        with _told(kind):
            made: Object = self.connection.post(kind.path(namespace), body, query)
        return made

    def apply_dry(self, kind: Resource, body: dict[str, Any]) -> None:
        """Let the API server judge an object that is new, or exists already; nothing is kept."""
        namespace = text(body, "metadata", "namespace") or self.namespace
        path = kind.path(namespace, text(body, "metadata", "name"))
        with _told(kind):
            self.connection.apply(path, body, {**_WRITE, **_DRY_RUN, "force": "true"})

    def _get(self, path: str, query: Query | None = None) -> Any:
        return self.connection.get(path, query)

    def _path(self, kind: Resource, name: str) -> str:
        """Return the path of an object. What can be no name would be another path, or a query."""
        if _NAME.fullmatch(name) is None:
            raise MissingError(f"no object can have the name {name!r}")
        return kind.path(self.namespace, name)

    @property
    def _where(self) -> str:
        return f"namespace {self.namespace}"


def _whole(item: Mapping[str, Any], kind: Resource) -> Object:
    """Return an object of a list with its kind, which lists of some servers leave out."""
    return {"apiVersion": kind.api_version, "kind": kind.kind, **item}


@contextmanager
def _told(kind: Resource) -> Iterator[None]:
    """Tell what a request could not do, in one sentence."""
    try:
        yield
    except NoClusterError as error:
        raise NotThereError(str(error)) from error
    except RefusedError as error:
        raise _refusal(error, kind) from error


def _refusal(error: RefusedError, kind: Resource) -> WindowError:
    if error.kind_missing and error.reason == "NotFound" and "namespaces" in error.message:
        return MissingError(error.message)
    if error.kind_missing:
        return NotThereError(
            f"the cluster has no {kind.plural} of {kind.api_version}: Headrace's CRDs are not"
            " installed there; install the chart headrace-crds"
        )
    if error.missing:
        return MissingError(error.message)
    if error.reason == "AlreadyExists":
        return TakenError(f"{error.message}; choose another name")
    if error.forbidden and _NO_RIGHT in error.message:
        return NoRightError(f"{error.message}; ask who administers the cluster for this right")
    return NotAllowedError(error.message or str(error))
