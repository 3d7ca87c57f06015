"""
The program of the template `resource`: applies one object, awaits its end, takes outputs from it.

Knows the order of the steps. Requests are `server`, names `manifest`, expressions `judging`.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from judging import Rules, State, judge, picked, rules, summary
from manifest import ATTEMPT, DIGEST, checked, complete, labels_for, namespace_of
from server import APPLY, MANAGER, RUNS, TOKEN, Api, Away, Kind, Refused, connect
from task_contract import (
    CheckFailed,
    Given,
    TryAgain,
    WrongInput,
    given,
    info,
    on_stop,
    run,
    values_for,
    warning,
    write_outputs,
)

GONE = 404
FORBIDDEN = 403
UNKNOWN = 401
VERBS = ("get", "create", "patch", "delete")
SECONDS_TO_STOP = 20.0
"""How long the deletion at SIGTERM may take: a pod has 30 s by default."""


@dataclass(frozen=True, slots=True)
class Resource:
    """The parameters."""

    manifest: Any
    success: str = ""
    failure: str = ""
    successCondition: str = ""  # noqa: N815 - the names of parameters
    failureCondition: str = ""  # noqa: N815
    outputs: dict[str, Any] = field(default_factory=dict)
    everySeconds: int = 10  # noqa: N815
    withinSeconds: int = 86_400  # noqa: N815
    timeoutSeconds: int = 30  # noqa: N815
    tries: int = 4
    deleteAfter: str = "Never"  # noqa: N815
    deleteOnStop: bool = True  # noqa: N815
    deleteWithRun: bool = True  # noqa: N815


@dataclass(frozen=True, slots=True)
class Work:
    """One object on one API server."""

    api: Api
    kind: Kind
    namespace: str
    wanted: Mapping[str, Any]
    """The object as it is applied."""

    @property
    def path(self) -> str:
        """Where it is."""
        return self.kind.path(self.namespace, self.wanted["metadata"]["name"])

    @property
    def shown(self) -> str:
        """How people call it."""
        return f"{self.kind.name} {self.wanted['metadata']['name']}"


def main() -> None:
    """Do what the parameters say."""
    asked, about = values_for(Resource), given()
    if min(asked.timeoutSeconds, asked.tries) < 1 or asked.everySeconds < 0:
        raise WrongInput("timeoutSeconds and tries are 1 or more, everySeconds 0 or more")
    checked(asked.manifest)
    ends = rules(
        asked.success, asked.failure, asked.successCondition, asked.failureCondition, asked.outputs
    )
    if not ends.waits and asked.deleteAfter != "Never":
        raise WrongInput("deleteAfter needs to know the end; give success or successCondition")
    work = _prepared(asked, about)
    if asked.deleteOnStop:
        on_stop(lambda: _stopped(work))
    found = _present(work, ends, about, asked.withinSeconds)
    if ends.waits:
        found = _awaited(work, ends, found, asked)
    values = picked(ends, found)
    metadata = found["metadata"]
    shown = {"name": metadata["name"], "namespace": work.namespace, "uid": metadata["uid"]}
    write_outputs(**shown, result=values)
    if asked.deleteAfter != "Never":
        _delete(work)
    info(f"{work.shown} {'succeeded' if ends.waits else 'is there'}")


def _prepared(asked: Resource, about: Given) -> Work:
    api, own = connect(asked.timeoutSeconds, asked.tries)
    kind = api.kind(asked.manifest["apiVersion"], asked.manifest["kind"])
    namespace = namespace_of(asked.manifest, own)
    inside = namespace if kind.namespaced else None
    owner = None
    if asked.deleteWithRun and inside == own and TOKEN.exists() and about.run:
        owner = _owner(api, own, about.run)
    return Work(api, kind, namespace, complete(asked.manifest, about, inside, owner))


def _owner(api: Api, namespace: str, run_name: str) -> dict[str, Any]:
    """Return the run as the owner: whoever deletes the run deletes the object too."""
    work = Work(api, RUNS, namespace, {"metadata": {"name": run_name}})
    uid = _ask(work, "get")["metadata"]["uid"]
    version = f"{RUNS.group}/{RUNS.version}"
    return {"apiVersion": version, "kind": RUNS.name, "name": run_name, "uid": uid}


def _present(work: Work, ends: Rules, about: Given, seconds: int) -> Mapping[str, Any]:
    """Return the object of this task: the one that an earlier attempt made, else a new one."""
    found = _look(work)
    if found is not None:
        _ours(work, found, about)
        made_by = found["metadata"].get("annotations", {}).get(ATTEMPT, "0")
        if "deletionTimestamp" in found["metadata"]:
            info(f"{work.shown} is being deleted; waiting for its end")
            _await_absence(work, seconds)
        elif judge(ends, found) is State.FAILED and made_by != str(about.attempt):
            info(f"{work.shown} of attempt {made_by} has failed; it is made anew")
            _delete(work)
            _await_absence(work, seconds)
        else:
            info(f"{work.shown} of attempt {made_by} is there; waiting goes on")
            return found
    applied = {"fieldManager": MANAGER, "fieldValidation": "Strict"}
    _ask(work, "patch", work.wanted, {**applied, "dryRun": "All"})
    made: Mapping[str, Any] = _ask(work, "patch", work.wanted, applied)
    info(f"{work.shown} was applied", uid=made["metadata"]["uid"])
    return made


def _ours(work: Work, found: Mapping[str, Any], about: Given) -> None:
    metadata = found["metadata"]
    labels = metadata.get("labels", {})
    if any(labels.get(key) != value for key, value in labels_for(about).items()):
        raise WrongInput(f"{work.shown} is there, and not of this task; delete or rename it")
    if (
        metadata.get("annotations", {}).get(DIGEST)
        != work.wanted["metadata"]["annotations"][DIGEST]
    ):
        raise WrongInput(
            f"{work.shown} is there, of another manifest: of an earlier run of this name; delete it"
        )


def _awaited(
    work: Work, ends: Rules, found: Mapping[str, Any], asked: Resource
) -> Mapping[str, Any]:
    end, before = time.monotonic() + asked.withinSeconds, ""
    while (state := judge(ends, found)) is State.PENDING:
        if (words := summary(found)) != before:
            info(f"{work.shown}: {words}")
            before = words
        if time.monotonic() + asked.everySeconds > end:
            raise TryAgain(
                f"{work.shown} has not ended after {asked.withinSeconds}s"
                f"{f' ({words})' if words else ''}; it goes on, and the next attempt waits for it"
            )
        time.sleep(asked.everySeconds)
        try:
            latest = _once(work, "get")
        except Away as error:
            warning(f"the API server is away: {error}; asking again in {asked.everySeconds}s")
            continue
        if latest is None:
            raise CheckFailed(f"{work.shown} was deleted by somebody before it ended")
        found = latest
    if state is State.FAILED:
        if asked.deleteAfter == "Always":
            _delete(work)
        raise CheckFailed(f"{work.shown} failed: {summary(found) or 'its status says no more'}")
    return found


def _stopped(work: Work) -> None:
    """Delete the object at SIGTERM, also where its creation is on its way just now."""
    end, absent = time.monotonic() + SECONDS_TO_STOP, 0
    while time.monotonic() < end and absent < 2:  # noqa: PLR2004 - one look may be too early
        try:
            absent = absent + 1 if _once(work, "delete") is None else 0
        except Away:
            absent = 0
        time.sleep(0.5)
    info(f"{work.shown} was deleted" if absent else f"{work.shown} may still be there; delete it")


def _delete(work: Work) -> None:
    work.api.patiently(lambda: _once(work, "delete"))
    info(f"{work.shown} was deleted")


def _await_absence(work: Work, seconds: int) -> None:
    end = time.monotonic() + seconds
    while _look(work) is not None:
        if time.monotonic() + 1 > end:
            raise TryAgain(f"{work.shown} is not gone after {seconds}s; look at its finalizers")
        time.sleep(1)


def _look(work: Work) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = work.api.patiently(lambda: _once(work, "get"))
    return found


def _ask(
    work: Work, verb: str, body: Any = None, query: Mapping[str, str] | None = None
) -> Mapping[str, Any]:
    found: Mapping[str, Any] | None = work.api.patiently(lambda: _once(work, verb, body, query))
    if found is None:
        raise WrongInput(f"{work.shown} is not there; correct its name or its namespace")
    return found


def _once(
    work: Work, verb: str, body: Any = None, query: Mapping[str, str] | None = None
) -> Mapping[str, Any] | None:
    """Ask once; None: there is no such object."""
    content = APPLY if verb == "patch" else "application/json"
    sent = {"propagationPolicy": "Background"} if verb == "delete" else body
    try:
        found: Mapping[str, Any] = work.api.ask(verb.upper(), work.path, sent, query, content)
    except Refused as error:
        if error.status == GONE and verb != "patch":
            return None
        raise _sentence(work, verb, error) from error
    return found


def _sentence(work: Work, verb: str, error: Refused) -> WrongInput:
    """Return what a person must do."""
    resource = ".".join(each for each in (work.kind.plural, work.kind.group) if each)
    if error.status == FORBIDDEN and "is forbidden: User" in error.message:
        verbs = VERBS if work.kind is not RUNS else ("get",)
        kind = "Role" if work.kind.namespaced else "ClusterRole"
        cure = f"bind its ServiceAccount to a {kind} with the rule {work.kind.rule(*verbs)}"
        if work.kind is RUNS:
            cure += ", or set deleteWithRun: false"
        where = f" in namespace {work.namespace}" if work.kind.namespaced else ""
        return WrongInput(
            f"this pod may not {_refused_verb(error, verb)} {resource}{where}; {cure}"
        )
    if error.status == UNKNOWN:
        return WrongInput("the API server does not know who asks; renew the credentials")
    if error.status == GONE:
        return WrongInput(f"there is no namespace {work.namespace}; correct the manifest")
    return WrongInput(f"{work.shown} was refused: {error.message}; correct the manifest")


def _refused_verb(error: Refused, verb: str) -> str:
    """Return the verb that is missing: to apply a new object, the API server wants `create`."""
    return "create" if "cannot create resource" in error.message else verb


if __name__ == "__main__":
    run(main)
