"""
From a Workflow's spec to one in which no task uses a template, as JSON.

Reads the templates that the caches show. What they mean for a task is `engine.definition`.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Raw, json

from headrace.api.reading.parse import InvalidObjectError, parse_workflow
from headrace.cluster.compiler import TemplateError, UnusableError
from headrace.cluster.templates import Templates, UnusableTemplateError
from headrace.engine.definition.problems import InvalidDefinitionError
from headrace.engine.definition.templates import fill_in, missing
from headrace.manifests.json_form import as_given


def uses_in(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the templates that the tasks of a spec use, each once."""
    tasks = (*(spec.get("tasks") or ()), *(spec.get("finally") or ()))
    named = (task.get("uses") for task in tasks if isinstance(task, Mapping))
    return tuple(dict.fromkeys(name for name in named if isinstance(name, str)))


def filled_in(spec: dict[str, Any], namespace: str, templates: Templates) -> Raw:
    """
    Return a spec with what its templates say.

    Raises:
        TemplateError: A template is not there yet, or has problems.
        UnusableError: The rest has problems.

    """
    try:
        parsed = parse_workflow({"spec": spec})
        absent = "; ".join(map(str, missing(parsed, templates.names(namespace))))
        if absent:
            raise TemplateError(absent)
        known = {uses: templates.get(namespace, uses) for uses in uses_in(spec)}
        return Raw(json.encode(as_given(fill_in(parsed, known).spec)))
    except UnusableTemplateError as error:
        raise TemplateError(str(error)) from None
    except (InvalidObjectError, InvalidDefinitionError) as error:
        raise UnusableError(str(error)) from None
