"""
The webhooks of a workflow: their expressions, and what is wrong with them.

Knows parameters and their types. Evaluates none, and knows no delivery.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from headrace.api.checks.similar import did_you_mean
from headrace.api.reading.problem import Problem
from headrace.api.v1alpha1.params import Param, ParamType
from headrace.api.v1alpha1.trigger import Trigger
from headrace.api.v1alpha1.webhook import WebhookTrigger
from headrace.engine.definition.expressions.types import Expression, ScopeTypes, Wants
from headrace.engine.definition.task_expressions import condition, words

SCOPE: Final = ScopeTypes(delivery=True)
"""What the expressions of a webhook may read."""

WHEN: Final = "when"

WANTS: Final[Mapping[ParamType, Wants]] = {
    ParamType.STRING: Wants.STRING,
    ParamType.BOOLEAN: Wants.BOOL,
    ParamType.INTEGER: Wants.ANY,  # `resolve` refuses what is no whole number
}


def expressions_of(webhook: WebhookTrigger, params: Sequence[Param]) -> dict[str, Expression]:
    """Return the expressions of a webhook: `when` if it has one, then those of its parameters."""
    types = {param.name: WANTS[param.type] for param in params}
    first = {} if webhook.when is None else {WHEN: condition(webhook.when)}
    return first | {
        f"params.{each.name}": Expression(each.expression, types.get(each.name, Wants.ANY))
        for each in webhook.params
    }


def webhook_problems(triggers: Sequence[Trigger], params: Sequence[Param]) -> Iterator[Problem]:
    """Yield what is wrong with the webhooks of a workflow."""
    for index, trigger in enumerate(triggers):
        if trigger.webhook is not None:
            path = f"spec.triggers[{index}].webhook"
            yield from _params(path, trigger.webhook, params)
            yield from _expressions(path, trigger.webhook, params)


def _params(path: str, webhook: WebhookTrigger, params: Sequence[Param]) -> Iterator[Problem]:
    declared, given = [param.name for param in params], {each.name for each in webhook.params}
    for place, each in enumerate(webhook.params):
        if each.name not in declared:
            cure = did_you_mean(each.name, declared) or "declare it in spec.params"
            message = f"there is no parameter {each.name!r}; {cure}"
            yield Problem(f"{path}.params[{place}].name", message)
    for param in params:
        if param.default is None and param.name not in given:
            message = f"parameter {param.name!r} has no default; give it a value of the delivery"
            yield Problem(f"{path}.params", message)


def _expressions(path: str, webhook: WebhookTrigger, params: Sequence[Param]) -> Iterator[Problem]:
    from headrace.engine.definition.expressions.check import check  # noqa: PLC0415 - slow to load, and often not needed

    places = {f"params.{each.name}": place for place, each in enumerate(webhook.params)}
    for name, expression in expressions_of(webhook, params).items():
        failure = check(expression, SCOPE)
        if failure is not None:
            field = WHEN if name == WHEN else f"params[{places[name]}].expression"
            yield Problem(f"{path}.{field}", words(failure))
