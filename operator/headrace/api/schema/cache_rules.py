"""
The checks of the API server over the cache of a task, beyond types and bounds.

Knows CEL rules. Knows no resource.
"""

from headrace.api.schema.rule import Rule
from headrace.api.v1alpha1.cache import NOT_CACHED

_FIELDS = {"for_each": "forEach"}
"""Fields whose name in a manifest is another one."""

CACHED_TASK = tuple(
    Rule(f"!has(self.cache) || !has(self.{_FIELDS.get(name, name)})", message, field=".cache")
    for name, message in NOT_CACHED.items()
)

CACHED_TASK_RUN = (
    Rule(
        "has(self.run) || !has(self.cacheKey) && !has(self.cacheHash)",
        "no run can use the result of a TaskRun on its own; remove cacheKey and cacheHash",
        field=".cacheHash",
    ),
)
