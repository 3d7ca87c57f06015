"""
Whether the API server keeps others than the approvers from answering.

An admission policy of the chart does that, and it may be missing. The policy is tried, not looked
for: the API server must refuse a forbidden answer. Only a dry run is asked for, so nothing is
written if it does not refuse. Decides nothing about answers.
"""

from typing import Final

from headrace.cluster.kinds import APPROVALS
from headrace.kube.client import Client
from headrace.kube.errors import ApiError, already_exists
from headrace.manifests.approval import forbidden_answer
from headrace.manifests.kube import OwnObject

REFUSED: Final = "is none of the approvers of this question"
"""Words of the policy's refusal. No other refusal of the API server has them: RBAC, quotas and
schemas speak of other things, and a person with rights in a namespace cannot add a policy."""


class Guard:
    """Tries the policy."""

    def __init__(self, client: Client) -> None:
        """Ask with this client, which must not be one of the approvers itself."""
        self._client = client

    async def holds(self, namespace: str) -> bool:
        """
        Return whether the API server refuses a forbidden answer in a namespace, now.

        Raises:
            ApiError: It refused for another reason.

        """
        try:
            await self._client.create(
                APPROVALS, forbidden_answer(namespace), OwnObject, dry_run=True
            )
        except ApiError as error:
            if REFUSED in error.message:
                return True
            if not already_exists(error):
                raise
        return False
