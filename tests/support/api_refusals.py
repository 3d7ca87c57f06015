"""How the API server in memory says no: in the words of the real one."""

from typing import Any

from headrace.kube.resources import Resource

Object = dict[str, Any]


class RefusalError(Exception):
    """A request that is answered with a Status object."""

    def __init__(self, code: int, reason: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.status = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            "details": details,
            "code": code,
        }


def not_found(resource: Resource, name: str) -> RefusalError:
    return RefusalError(404, "NotFound", f'{resource} "{name}" not found', name=name)


def already_exists(resource: Resource, name: str) -> RefusalError:
    return RefusalError(409, "AlreadyExists", f'{resource} "{name}" already exists', name=name)


def changed(resource: Resource, name: str) -> RefusalError:
    message = (
        f'Operation cannot be fulfilled on {resource} "{name}": the object has been modified;'
        " please apply your changes to the latest version and try again"
    )
    return RefusalError(409, "Conflict", message, name=name)


def immutable(resource: Resource, name: str, field: str) -> RefusalError:
    return invalid(resource, name, field, "field is immutable")


def other_uid(resource: Resource, name: str) -> RefusalError:
    message = f'Operation cannot be fulfilled on {resource} "{name}": Precondition failed: UID'
    return RefusalError(409, "Conflict", message, name=name)


def invalid(resource: Resource, name: str, field: str, message: str) -> RefusalError:
    causes = [{"reason": "FieldValueInvalid", "message": message, "field": field}]
    text = f'{resource.kind} "{name}" is invalid: {field}: {message}'
    return RefusalError(422, "Invalid", text, name=name, causes=causes)


def bad_request(message: str) -> RefusalError:
    return RefusalError(400, "BadRequest", message)


def expired(message: str) -> RefusalError:
    return RefusalError(410, "Expired", message)


def keep_others_out(resource: Resource, body: Object) -> None:
    """
    Refuse an answer of somebody else than the approvers, as the chart's policy does.

    Raises:
        RefusalError: A new Approval has an answer, and names approvers.

    """
    spec = body.get("spec") or {}
    if resource.kind != "Approval" or "answer" not in spec or "approvers" not in spec:
        return
    name = body["metadata"]["name"]
    users = ", ".join(spec["approvers"].get("users", ()))
    raise RefusalError(
        *(403, "Forbidden"),
        f"{resource} \"{name}\" is forbidden: ValidatingAdmissionPolicy 'headrace-approvals' with"
        " binding 'headrace-approvals' denied request: spec.answer: controller is none of the"
        f" approvers of this question: users [{users}], groups []",
    )
