"""The trigger `webhook` of a workflow: which deliveries over HTTP start runs."""

from typing import Annotated

from pydantic import Field, StringConstraints

from headrace.api.checks.unique import Unique
from headrace.api.v1alpha1.base import ApiType, ObjectName, ParamName
from headrace.api.v1alpha1.enums import ApiEnum
from headrace.api.v1alpha1.task import Condition as Expression

SecretKey = Annotated[
    str, StringConstraints(min_length=1, max_length=253, pattern=r"^[-._a-zA-Z0-9]+$")
]
"""A key in the data of a Secret."""

LONGEST_ID = 256
"""The most characters of the id of a delivery."""

DeliveryId = Annotated[
    str, StringConstraints(min_length=1, max_length=LONGEST_ID, pattern=r"^[!-~]+$")
]
"""The id of a delivery: letters, digits and signs of ASCII, and no space."""


class Delivery(ApiType):
    """The delivery over HTTP that started a run."""

    id: DeliveryId
    """id is the id that the sender gave the delivery. The same id starts no second run."""


class WebhookScheme(ApiEnum):
    """How a sender proves that a delivery is its own."""

    HMAC = "Hmac"
    """Headrace-Signature: sha256=<hex>, the HMAC-SHA256 of the delivery's id (header
    Headrace-Delivery), a full stop and the raw body."""

    STANDARD = "Standard"
    """The headers webhook-id, webhook-timestamp and webhook-signature of Standard Webhooks
    (standardwebhooks.com). A delivery older than 5 minutes is refused."""

    GITHUB = "GitHub"
    """X-Hub-Signature-256, the HMAC-SHA256 of the raw body, and X-GitHub-Delivery, as GitHub, Gitea
    and Forgejo send them."""


class WebhookSecret(ApiType):
    """The Secret that sender and receiver share, in the namespace of the workflow."""

    name: ObjectName
    """name is the Secret. The receiver must be allowed to read it: see the chart's
    receiver.secrets."""

    key: SecretKey = "secret"
    """key is the entry with the secret: at least 16 bytes; a line end behind it does not count."""

    previous_key: SecretKey = "previous"
    """previousKey is the entry with an earlier secret. While the entry is there, deliveries that
    are signed with it count too: so a secret can be changed without losing one."""


class WebhookParam(ApiType):
    """A parameter that gets a value of the delivery."""

    name: ParamName
    """name is the parameter of this workflow."""

    expression: Expression
    """expression is a CEL expression over `payload` (the body, as JSON) and `headers` (by their
    names in lower case). Its value must have the parameter's type. Example:
    `payload.repository.full_name`."""


class WebhookTrigger(ApiType):
    """A run when somebody delivers an event over HTTP. The receiver of the chart must be on."""

    secret_ref: WebhookSecret
    """secretRef is the secret that proves who sent a delivery."""

    scheme: WebhookScheme
    """scheme is how the sender signs: Hmac, Standard or GitHub."""

    when: Expression | None = None
    """when is a CEL expression over `payload` and `headers`. False: the delivery is accepted and
    starts nothing. Example: `headers['x-github-event'] == 'push'`."""

    params: Annotated[tuple[WebhookParam, ...], Unique("name")] = Field(default=(), max_length=100)
    """params give values of the delivery to parameters. Any other parameter has its default."""
