"""What is refused when a definition is accepted: `headrace.engine.definition.expressions.check`."""

import pytest

from headrace.engine.definition.expressions.check import check
from headrace.engine.definition.expressions.leaves import parse_leaf
from headrace.engine.definition.expressions.types import (
    Declared,
    Expression,
    ScopeTypes,
    Template,
    Wants,
)

TYPES = ScopeTypes(
    params={
        "day": Declared.STRING,
        "days": Declared.INTEGER,
        "dry": Declared.BOOLEAN,
        "rate": Declared.NUMBER,
    },
    tasks={
        "load": {
            "rows": Declared.INTEGER,
            "at": Declared.TIMESTAMP,
            "files": Declared.JSON,
        },
        "extract-orders": None,
    },
    out_of_scope=frozenset({"publish"}),
)
FAN_OUT = ScopeTypes(fan_out=True)


@pytest.mark.parametrize(
    "source",
    [
        "params.days + 1",
        "params['days'] + 1",
        "params [ 'days' ] + 1",
        "params.\n days + 1",
        "has(params.day) && params.dry",
        "size(params) > 2",
        "tasks.load.outputs.rows > 1000 && tasks.load.outcome == 'Succeeded'",
        "tasks['load']['outputs']['rows'] > 1000",
        "tasks['extract-orders'].outputs.anything[3].more == 'x'",
        "tasks.load.items.failed == 0",
        "has(tasks.load.outputs.rows) ? 1 : 2",
        "default(tasks.load.outputs.rows, 0) + 1",
        "tasks.load.outputs.files.filter(f, f.endsWith('.csv')).map(f, f.upperAscii())",
        "tasks.load.outputs.files.all(x, tasks['extract-orders'].outputs.l.exists(y, x == y))",
        "run.intervalEnd - run.intervalStart > duration('1h')",
        "strftime(run.logicalTime, '%Y-%m-%d', 'Europe/Berlin')",
        "math.greatest(params.days, 3) + lists.range(3)[0]",
        "sets.contains([1, 2], [params.days])",
        "type(params.days) == int",
        "[1, 2].map(params, params + 1)",
        "json('{}').a.b.c",
        "hash(params.day) == 'x'",
        "'${{' + params.day",
    ],
)
def test_what_is_accepted(source: str) -> None:
    """Each name in scope, with the types that are declared."""
    assert None is check(Expression(source), TYPES)


@pytest.mark.parametrize(
    ("source", "column", "message"),
    [
        pytest.param(
            "params.dayy == 'x'",
            7,
            "the workflow has no parameter 'dayy'; did you mean 'day'?",
            id="a misspelt parameter",
        ),
        pytest.param(
            "1 + params['zzz']",
            11,
            "the workflow has no parameter 'zzz'; there are day, days, dry, rate",
            id="an unknown parameter, in brackets",
        ),
        pytest.param(
            "has(params.dayy)",
            4,
            "the workflow has no parameter 'dayy'; did you mean 'day'?",
            id="a misspelt parameter in has",
        ),
        pytest.param(
            "tasks.laod.outcome",
            6,
            "there is no task 'laod' before this one; did you mean 'load'?",
            id="a misspelt task",
        ),
        pytest.param(
            "tasks.publish.outcome",
            6,
            "task 'publish' does not end before this one; list it in dependsOn",
            id="a task that is not upstream",
        ),
        pytest.param(
            "tasks.extract-orders.outcome",
            6,
            "there is no task 'extract'; a name with a hyphen is written tasks['extract-orders']",
            id="a hyphen behind a dot",
        ),
        pytest.param(
            "tasks.load.outputs.row > 1",
            19,
            "there is no 'row' in what task 'load' declares as outputs; did you mean 'rows'?",
            id="an output that is not declared",
        ),
        pytest.param(
            "tasks.load.status",
            11,
            "there is no 'status' in task 'load'; there are items, outcome, outputs",
            id="an unknown field of a task",
        ),
        pytest.param(
            "tasks.load.items.done",
            17,
            "there is no 'done' in items; there are failed, succeeded, total",
            id="an unknown number of items",
        ),
        pytest.param(
            "tasks[params.day].outcome",
            1,
            "name the task that is read: tasks['name']",
            id="a task that only evaluating would name",
        ),
        pytest.param(
            "run.logicaltime",
            4,
            "there is no 'logicaltime' in run; did you mean 'logicalTime'?",
            id="a misspelt field of the run",
        ),
        pytest.param(
            "item.name",
            1,
            "'item' has a value only in workflow.params, approval.message and wait.until of a"
            " task with forEach",
            id="an item without a fan-out",
        ),
        pytest.param(
            "days > 1",
            1,
            "there is no name 'days'; did you mean 'params.days'?",
            id="a parameter's bare name",
        ),
        pytest.param(
            "prams.days > 1",
            1,
            "there is no name 'prams'; did you mean 'params'?",
            id="a misspelt name",
        ),
        pytest.param(
            "params.days > 'x'", 13, "> does not take a whole number and text", id="wrong types"
        ),
        pytest.param(
            "params['days'] > 'x'",
            16,
            "> does not take a whole number and text",
            id="wrong types, in brackets",
        ),
        pytest.param(
            "tasks.load.outputs.rows + 'x'",
            25,
            "+ does not take a whole number and text",
            id="the wrong type of an output",
        ),
        pytest.param(
            "params.days * 1.5",
            13,
            "* does not take a whole number and a number; use double(…)",
            id="two kinds of numbers",
        ),
        pytest.param(
            "params.dry ? 'a' : 2",
            12,
            "both results of ? : must be of one type, not text and a whole number",
            id="a choice of two types",
        ),
        pytest.param(
            "params.day.lowerAsci()",
            21,
            "there is no function 'lowerAsci'; did you mean 'lowerAscii'?",
            id="a misspelt function",
        ),
        pytest.param("params.days +", 14, "syntax: the end is not expected here", id="cut off"),
        pytest.param(
            "params.days = 3",
            13,
            "syntax: '= ' is not expected here; write == to compare",
            id="one sign for equal",
        ),
        pytest.param(
            "params.dry and true",
            12,
            "syntax: 'and' is not expected here; write &&",
            id="the word of Python",
        ),
        pytest.param(
            "${{ params.dry }}",
            1,
            "syntax: '$' is not expected here; this whole field is an expression: leave out ${{ }}",
            id="the braces of a text",
        ),
        pytest.param(
            "params.dry == True",
            15,
            "there is no name 'True'; write true",
            id="true as Python writes it",
        ),
        pytest.param(
            "params.day == Failed",
            15,
            "there is no name 'Failed'; write 'Failed', in quotes",
            id="an outcome without quotes",
        ),
        pytest.param(
            "len(params.day) > 1",
            4,
            "there is no function 'len'; did you mean 'size'?",
            id="a function of Python",
        ),
        pytest.param(
            "run.logicalTime > now()",
            22,
            "there is no function 'now'; nothing reads a clock; use run.logicalTime",
            id="a clock",
        ),
        pytest.param("'é' + 1", 5, "+ does not take text and a whole number", id="not ASCII"),
        pytest.param(
            "['a',\n 'b',\n params.days + 'c']",
            26,
            "+ does not take a whole number and text",
            id="on the third line",
        ),
        pytest.param(
            "default(1 + 1, 2)",
            8,
            "what default(…) tries must be a name with its fields: default(params.day, 'today')",
            id="a default for a sum",
        ),
        pytest.param(
            "google.protobuf.Value{}",
            1,
            "there is no type 'google.protobuf.Value'; write a mapping: {…}",
            id="a message",
        ),
        pytest.param("  ", 1, "the expression is empty", id="nothing"),
        pytest.param(
            f"'{'x' * 4095}'",
            1,
            "has 4,097 characters; at most 4,096 are allowed",
            id="too many characters",
        ),
        pytest.param(
            "duration('1h')",
            1,
            "gives a duration; needed is any value; write string(…)",
            id="a duration",
        ),
    ],
)
def test_what_is_refused(source: str, column: int, message: str) -> None:
    """With the column and the cure."""
    found = check(Expression(source), TYPES)
    assert found is not None
    assert (column, message) == (found.column, found.message)


@pytest.mark.parametrize(
    ("wants", "source", "message"),
    [
        (Wants.BOOL, "params.dry", None),
        (Wants.BOOL, "tasks.load.outputs.files", None),
        (Wants.BOOL, "params.days", "gives a whole number; needed is true or false"),
        (Wants.LIST, "[1, 2].map(x, x + 1)", None),
        (Wants.LIST, "params.day", "gives text; needed is a list"),
        (Wants.LIST, "{'a': 1}", "gives a mapping; needed is a list"),
        (Wants.TIMESTAMP, "run.logicalTime + duration('1h')", None),
        (Wants.TIMESTAMP, "'2030-01-01'", "gives text; needed is a timestamp"),
        (Wants.STRING, "hash(params.day)", None),
        (Wants.STRING, "params.rate", "gives a number; needed is text"),
    ],
)
def test_the_type_that_a_field_needs(wants: Wants, source: str, message: str | None) -> None:
    """A type that only evaluating tells is accepted."""
    found = check(Expression(source, wants), TYPES)
    assert message == (None if found is None else found.message)


def test_items_are_in_scope_in_a_fan_out() -> None:
    """With fields of any name; the index is a whole number."""
    assert None is check(Expression("item.name + string(index)"), FAN_OUT)
    found = check(Expression("index + 'a'"), FAN_OUT)
    assert found is not None
    assert "+ does not take a whole number and text" == found.message


@pytest.mark.parametrize(
    "source",
    [
        "params.day.split('').all(a, [1, 2].all(b, lists.range(99).all(c, true)))",
        "lists.range(200).map(a, lists.range(200).map(b, a * b))",
        "lists.range(101).filter(a, lists.range(100).all(b, a != b))",
        f"[{','.join('1' * 150)}].all(a, [{','.join('1' * 150)}].exists(b, a == b))",
    ],
)
def test_nested_macros_over_large_lists_are_refused(source: str) -> None:
    """A list of unknown length counts as 99 items."""
    found = check(Expression(source), TYPES)
    assert found is not None
    assert "nested ones multiply; at most 10,000" in found.message


def test_columns_count_from_the_beginning_of_a_leaf() -> None:
    """The first expression that is wrong is told."""
    leaf = parse_leaf("day ${{ params.day }} of ${{ params.dayy }}")
    assert isinstance(leaf, Template)
    found = check(leaf, TYPES)
    assert found is not None
    assert ("params.dayy", 36) == (found.source, found.column)


def test_a_failure_on_one_line() -> None:
    """Column, expression, words."""
    found = check(Expression("params.day +", column=5), TYPES)
    assert "column 17 of 'params.day +': syntax: the end is not expected here" == str(found)
