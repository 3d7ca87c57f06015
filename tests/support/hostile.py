"""Hostile expressions, and values for them to make larger."""

from typing import Final

from headrace.engine.definition.expressions.types import Scope

SCOPE: Final = Scope(
    params={
        "text": "a" * 32_768,
        "pattern": "(a+)+b",
        "many": list(range(10_000)),
        "some": list(range(1000)),
        "deep": [[[[[[[[[[]]]]]]]]]],
    }
)

REFUSED: Final = {
    "deep nesting of brackets": "(" * 40 + "1" + ")" * 40,
    "very deep nesting of brackets": "(" * 2000 + "1" + ")" * 2000,
    "deep nesting of lists": "[" * 40 + "]" * 40,
    "a long sum": "+".join(["params.text"] * 300),
    "a long chain of fields": "params" + ".a" * 2000,
    "a long chain of indexes": "params.many" + "[0]" * 1300,
    "doubling by bind": "cel.bind(a, 'xx', cel.bind(b, a + a, b + b))",
    "nested macros": "params.many.all(a, params.many.all(b, params.many.all(c, true)))",
    "nested macros over a long range": "lists.range(9999).map(a, lists.range(9999))"
    ".map(b, b.map(c, c))",
    "only opening brackets": "(" * 4000,
    "only quotes": "'" * 4001,
    "one quote": "'",
    "not CEL": "__import__('os').system('id')",
    "a template of another language": "{{ 7 * 7 }}",
    "an attribute of Python": "params.__class__.__mro__",
    "a message that is large": "google.protobuf.ListValue{values: [1.0]}",
    "a name of ours": "@fold(1)",
    "a null byte": "1\x00",
    "half a character": "'\ud800'",
    "a late syntax error": "1 + " * 1000 + ")",
}
"""What is refused when a definition is accepted: by what it tries, an expression."""

ENDED: Final = {
    "a large list in each round": "params.some.map(a, params.some)",
    "a large text in each round": "params.some.map(a, params.text + string(a))",
    "a quadratic macro": "params.many.map(a, a)",
    "more rounds than the library allows": "params.many.all(a, params.many.all(b, true))",
    "comparisons of large lists": "params.some.all(a, params.some.all(b, params.many == [a]))",
    "searches in large lists": "params.many.all(a, !(-1 in params.many))",
    "a pattern that others try for ever": "params.text.matches(params.pattern)",
    "patterns in each round": "params.some.all(a, !params.text.matches('(x+x+)+y'))",
    "a pattern of large counts": "'a'.matches('((a{1000}){1000}){1000}')",
    "a large pattern": "params.text.matches(params.text)",
    "doubling by replace": "'aa'.replace('a', params.text).replace('a', params.text)",
    "doubling by join": "[params.text, params.text].join(params.text)",
    "doubling by format": "'%s%s%s'.format([params.text, params.text, params.text])",
    "a text of many pieces": "params.text.split('').map(a, params.text.split(''))",
    "infinity": "params.some.map(a, 1e308 * double(a + 1))",
    "no number": "0.0 / 0.0",
    "the smallest number by -1": "(-9223372036854775807 - 1) / -1",
    "a division by zero": "1 % 0",
    "a wide clause": "strftime(timestamp(0), '%999999999Y', 'UTC')",
    "a path for a zone": "timestamp(0).getHours('../../../etc/passwd')",
    "the last instant": "timestamp('9999-12-31T23:59:59Z') + duration('9999999h')",
    "the last instant, in a zone": "strftime(timestamp('9999-12-31T23:59:59Z'), '', 'Asia/Tokyo')",
    "the first instant, in a zone": "strftime(timestamp('0001-01-01T00:00:00Z'), '', 'US/Pacific')",
    "deep JSON": "json([params.text.replace('a', '[')].join())",
    "wide JSON": "json('[' + params.text.replace('aaaa', '0,') + '0]').size()",
    "a number of many digits": "json(params.text.replace('a', '9'))",
    "an index from behind": "params.some[-1]",
    "a large index": "params.some[9223372036854775807]",
    "a text as an index": "params.some['a']",
    "large lists in a list": "lists.range(9000).map(a, [a, a]).flatten().distinct().sort()",
    "sets of large lists": "params.some.all(a, sets.equivalent(params.many, params.many))",
}
"""What only evaluating can judge: it ends within the limits."""
