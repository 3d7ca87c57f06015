"""
The ServiceAccount of a task: one that its owner has opened to workflows.

Otherwise, anybody who may edit a Workflow could act as any identity of the namespace. Knows the
rule; the world reads the ServiceAccount.
"""

from headrace.api.v1alpha1 import labels
from headrace.engine.definition.work import Program


def identity_needed(work: Program) -> str | None:
    """Return the name of the ServiceAccount that a program runs as; None: it has no identity."""
    return work.body.service_account_name


def identity_problem(work: Program, *, opened: bool) -> str | None:
    """
    Return why a program may not start with this identity, and the cure; None if it may.

    Args:
        work: The program of the attempt.
        opened: Whether its ServiceAccount has the label for workflows.

    """
    name = identity_needed(work)
    if name is None:
        return _token_of_nobody(work)
    if opened:
        return None
    return (
        f"serviceAccountName: ServiceAccount {name!r} may not be used by workflows; "
        f'give it the label {labels.ALLOW_WORKFLOWS}: "true"'
    )


def _token_of_nobody(work: Program) -> str | None:
    """Refuse a token of the namespace's default identity, which nobody has opened to tasks."""
    for index, volume in enumerate(work.body.volumes):
        sources = (volume.projected or {}).get("sources", ())
        if any("serviceAccountToken" in source for source in sources):
            return (
                f"volumes[{index}].projected: a token needs a ServiceAccount that workflows may"
                " use: set serviceAccountName to one with the label"
                f' {labels.ALLOW_WORKFLOWS}: "true"'
            )
    return None
