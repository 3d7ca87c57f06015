"""What a request to the API server in memory is about, read from its address."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from headrace.kube.resources import Resource
from support.api_refusals import RefusalError
from support.api_selectors import field_selector, label_selector
from support.api_storage import Object

Kinds = dict[tuple[str, str, str], Resource]
"""By group, version and plural."""

_PATH: Final = re.compile(
    r"/(?:api|apis/(?P<group>[^/]+))/(?P<version>[^/]+)"
    r"(?:/namespaces/(?P<namespace>[^/]+)(?=/.))?/(?P<plural>[^/]+)(?:/(?P<name>[^/]+))?"
    r"(?:/(?P<part>status))?"
)


@dataclass(frozen=True, slots=True)
class Target:
    """What a request is about."""

    resource: Resource
    namespace: str
    name: str
    part: str
    query: dict[str, str]

    @property
    def key(self) -> tuple[str, str]:
        return (self.namespace, self.name)

    def matches(self, item: Object) -> bool:
        meta = item["metadata"]
        return (
            self.namespace in ("", meta.get("namespace", ""))
            and label_selector(self.query.get("labelSelector", ""))(meta.get("labels") or {})
            and field_selector(self.query.get("fieldSelector", ""))(item)
        )


def read_target(text: str, kinds: Kinds) -> Target:
    """
    Read an address.

    Raises:
        RefusalError: It means nothing.

    """
    url = urlsplit(text)
    found = _PATH.fullmatch(url.path)
    resource = found and kinds.get((found["group"] or "", found["version"], found["plural"]))
    if not found or not resource:
        raise RefusalError(404, "NotFound", "the server could not find the requested resource")
    return Target(
        resource,
        found["namespace"] or "",
        found["name"] or "",
        found["part"] or "",
        dict(parse_qsl(url.query)),
    )
