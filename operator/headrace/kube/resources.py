"""
Addresses in the Kubernetes API: kinds, objects, and scopes of a kind.

Knows paths and selectors. Does not know the content of objects, or how requests are sent.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of object, as the API server serves it."""

    group: str
    """API group; empty for the core group."""
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """The `apiVersion` of its objects."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str = "", name: str = "") -> str:
        """
        Return the path of an object; without name, of the collection.

        Args:
            namespace: Empty for the collection over all namespaces, and for kinds that have none.
            name: Empty for the collection.

        """
        parts = ["/apis/" + self.group if self.group else "/api", self.version]
        if namespace and self.namespaced:
            parts += ["namespaces", namespace]
        parts += [self.plural, name] if name else [self.plural]
        return "/".join(parts)

    def __str__(self) -> str:
        """Return the name that the API server uses in messages, e.g. `jobs.batch`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


@dataclass(frozen=True, slots=True)
class Ref:
    """The address of one object."""

    resource: Resource
    namespace: str
    """Empty for kinds that have none."""
    name: str

    @property
    def path(self) -> str:
        """The object's path on the API server."""
        return self.resource.path(self.namespace, self.name)

    def __str__(self) -> str:
        """Return the address as people write it, e.g. `jobs.batch default/extract`."""
        return f"{self.resource} {self.namespace}/{self.name}".replace(" /", " ")


@dataclass(frozen=True, slots=True)
class Scope:
    """Some objects of a kind."""

    resource: Resource
    namespace: str = ""
    """Empty: all namespaces."""
    labels: str = ""
    """A label selector, e.g. `headrace.dev/run,tier in (a,b)`; empty: all objects."""
    fields: str = ""
    """A field selector, e.g. `involvedObject.name=extract`; empty: all objects."""

    @property
    def path(self) -> str:
        """The collection's path on the API server."""
        return self.resource.path(self.namespace)


NAMESPACES: Final = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
PODS: Final = Resource("", "v1", "pods", "Pod")
SECRETS: Final = Resource("", "v1", "secrets", "Secret")
CONFIG_MAPS: Final = Resource("", "v1", "configmaps", "ConfigMap")
EVENTS: Final = Resource("events.k8s.io", "v1", "events", "Event")
JOBS: Final = Resource("batch", "v1", "jobs", "Job")
CONTROLLER_REVISIONS: Final = Resource("apps", "v1", "controllerrevisions", "ControllerRevision")
SERVICE_ACCOUNTS: Final = Resource("", "v1", "serviceaccounts", "ServiceAccount")
CORE_EVENTS: Final = Resource("", "v1", "events", "Event")
LEASES: Final = Resource("coordination.k8s.io", "v1", "leases", "Lease")
