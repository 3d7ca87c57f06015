"""Tasks that use a template: `headrace.engine.definition.templates` and `template_values`."""

from typing import Any

import pytest

from headrace.api.reading.parse import parse_template, parse_workflow
from headrace.api.v1alpha1.task import TaskBody
from headrace.engine.definition.problems import InvalidDefinitionError
from headrace.engine.definition.templates import CLUSTER, Place, fill_in, object_name, uses_of
from headrace.engine.definition.work import Container
from support.written import template, workflow

PARAMS = [
    {"name": "url", "required": True, "pattern": "https?://.*", "description": "where it is"},
    {"name": "times", "type": "Integer", "default": 3},
    {"name": "ratio", "type": "Number"},
    {"name": "loud", "type": "Boolean"},
    {"name": "headers", "type": "Json"},
    {"name": "method", "enum": ["GET", "POST"], "expressions": False},
    {"name": "note"},
    {"name": "token", "type": "Secret"},
]
RULES = {"limit": 3, "backoff": {"seconds": 5}, "rules": [{"exitCodes": [2, 3], "action": "Fail"}]}
HTTP = parse_template(
    template(
        params=PARAMS,
        retry=RULES,
        env=[{"name": "LEVEL", "value": "info"}],
        outputs=[{"name": "status", "type": "Integer"}],
    )
)
URL = {"url": "http://a"}


def body(
    given: dict[str, Any], place: Place = CLUSTER, spec: dict[str, Any] | None = None, **task: Any
) -> TaskBody:
    """Return what a task with a template runs."""
    written = workflow({"name": "a", "uses": "http@v1", "with": given, **task}, **spec or {})
    work = fill_in(parse_workflow(written), {"http@v1": HTTP}, place).definition.tasks["a"].work
    assert isinstance(work, Container)
    return work.body


def variables(given: dict[str, Any], **task: Any) -> dict[str, str | None]:
    """Return the variables of parameters."""
    env = body({**URL, **given}, **task).env
    return {each.name: each.value for each in env if each.name.startswith("WITH_")}


def told(given: dict[str, Any], uses: str = "http@v1", **task: Any) -> list[str]:
    """Return the problems of a task with a template."""
    params = [{"name": "n", "default": "x"}, {"name": "k", "type": "Integer", "default": 1}]
    written = workflow({"name": "a", "uses": uses, "with": given, **task}, params=params)
    try:
        fill_in(parse_workflow(written), {"http@v1": HTTP})
    except InvalidDefinitionError as error:
        return [str(problem) for problem in error.problems]
    return []


def test_a_task_runs_what_its_template_says() -> None:
    """The image, the variables and the outputs are those of the template."""
    found = body(URL)
    assert ("busybox:1.37", ["status"]) == (found.image, [each.name for each in found.outputs])
    assert {"LEVEL": "info", "WITH_url": "http://a", "WITH_times": "3"} == {
        each.name: each.value for each in found.env
    }


@pytest.mark.parametrize(
    ("given", "want"),
    [
        pytest.param({"note": "a $(HOME) `b`"}, "a $(HOME) `b`", id="text stays as it is"),
        pytest.param({"times": 7}, "7", id="a whole number"),
        pytest.param({"ratio": 0.5}, "0.5", id="a fraction"),
        pytest.param({"ratio": 2}, "2", id="a whole number is a number"),
        pytest.param({"loud": True}, "true", id="true as JSON writes it"),
        pytest.param({"headers": {"ä": [1, None]}}, '{"ä": [1, null]}', id="an object as JSON"),
        pytest.param({"headers": "text"}, '"text"', id="text for Json is JSON, too"),
        pytest.param({"note": "x ${{ 1 }}"}, "x ${{ 1 }}", id="an expression is evaluated later"),
    ],
)
def test_a_program_gets_a_value_as_text(given: dict[str, Any], want: str) -> None:
    """The type that the template declares says how to read it."""
    (name,) = given
    assert want == variables(given)[f"WITH_{name}"]


def test_a_parameter_without_value_and_default_has_no_variable() -> None:
    """An empty text would be a value."""
    assert {"WITH_url", "WITH_times"} == variables({}).keys()


def test_a_variable_of_the_task_comes_before_that_of_the_template() -> None:
    """It is nearer; and the workflow's defaults are the farthest."""
    own = [{"name": "LEVEL", "value": "debug"}]
    far = {"defaults": {"env": [{"name": "LEVEL", "value": "error"}]}}
    assert {"debug"} == {each.value for each in body(URL, env=own).env if each.name == "LEVEL"}
    assert {"info"} == {each.value for each in body(URL, spec=far).env if each.name == "LEVEL"}


@pytest.mark.parametrize(
    ("own", "limit", "seconds"),
    [
        pytest.param(None, 3, 5, id="that of the template"),
        pytest.param({"limit": 9}, 9, 5, id="its own limit, the template's backoff"),
        pytest.param({"backoff": {"seconds": 1}}, 3, 1, id="its own backoff, the template's limit"),
    ],
)
def test_a_field_of_a_tasks_own_retry_wins(own: Any, limit: int, seconds: int) -> None:
    """What the task does not say, the template says."""
    policy = body(URL, **({} if own is None else {"retry": own})).retry
    assert policy is not None
    assert (limit, seconds) == (policy.limit, policy.backoff.seconds)


def test_the_templates_rules_come_last() -> None:
    """They say what no further attempt can cure, unless the task knows better."""
    own = {"rules": [{"exitCodes": [3], "action": "Retry"}]}
    policy = body(URL, retry=own).retry
    assert policy is not None
    assert [(3,), (2, 3)] == [rule.exit_codes for rule in policy.rules]


def test_a_laptop_has_no_secrets_of_a_cluster() -> None:
    """They come from the shell that starts the run; the run's record does not have them."""
    given = {**URL, "token": {"secretRef": {"name": "login", "key": "api"}}}
    found = body(given, Place(mounts_secrets=False, commands={"http@v1": ("py", "task.py")}))
    assert (("py", "task.py"), (), ()) == (found.command, found.args, found.volumes)
    (token,) = (each for each in found.env if "token" in each.name)
    assert ("WITH_token", None) == (token.name, token.value)
    assert {"secretKeyRef": {"name": "login", "key": "api"}} == token.value_from


def test_volumes_of_the_defaults_stay_beside_the_secrets() -> None:
    """Volumes of a task replace those of the defaults, and the task has given none."""
    given = {**URL, "token": {"secretRef": {"name": "login", "key": "api"}}}
    volume, mount = {"name": "data", "emptyDir": {}}, {"name": "data", "mountPath": "/data"}
    defaults = {"defaults": {"volumes": [volume], "volumeMounts": [mount]}}
    found = body(given, spec=defaults)
    assert ["data", "with-secrets"] == [each.name for each in found.volumes]
    assert ["/data", "/headrace/with"] == [each.mount_path for each in found.volume_mounts]


AT = "spec.tasks[0].with"
WRONG = [
    ({}, ": template http@v1 needs 'url': where it is; give it a value"),
    (
        {**URL, "metod": "GET"},
        ".metod: template http@v1 has no parameter 'metod'; did you mean 'method'?",
    ),
    ({**URL, "times": "3"}, '.times: must be of type Integer, not "3"'),
    ({**URL, "times": True}, ".times: must be of type Integer, not true"),
    ({**URL, "loud": 1}, ".loud: must be of type Boolean, not 1"),
    ({**URL, "note": ["a"]}, '.note: must be of type String, not ["a"]'),
    ({**URL, "method": "PUT"}, '.method: is "PUT"; allowed: "GET", "POST"'),
    ({"url": "ftp://a"}, '.url: is "ftp://a", and does not match https?://.*'),
    ({"url": "x\nhttp://a"}, '.url: is "x\\nhttp://a", and does not match https?://.*'),
    ({**URL, "method": "${{ params.n }}"}, ".method: takes no expression; write the value itself"),
    (
        {**URL, "headers": {"a": "${{ params.n }}"}},
        (
            ".headers: has an expression inside a list or object; write the whole value as one"
            " expression"
        ),
    ),
    (
        {**URL, "times": "1${{ params.k }}"},
        ".times: is text around an expression, and must be of type Integer; write ${{ … }}",
    ),
    (
        {**URL, "times": "${{ params.n }}"},
        ".times: column 5 of 'params.n': gives text; needed is a whole number",
    ),
    (
        {**URL, "loud": "${{ params.k }}"},
        ".loud: column 5 of 'params.k': gives a whole number; needed is true or false",
    ),
    (
        {**URL, "note": "${{ params.m }}"},
        ".note: column 11 of 'params.m': the workflow has no parameter 'm'; there are k, n",
    ),
    (
        {**URL, "token": "abc"},
        (
            ".token: is a secret, which stands in no manifest; write secretRef: {name: …, key: …},"
            " a key of a Secret in this namespace"
        ),
    ),
    (
        {**URL, "note": {"secretRef": {"name": "a", "key": "b"}}},
        ".note: is a Secret, and the parameter is of type String; write the value itself",
    ),
    ({**URL, "note": "a\0"}, ".note: has a NUL character, and no program can get one; remove it"),
]


@pytest.mark.parametrize(("given", "want"), WRONG)
def test_wrong_values_are_refused_when_the_workflow_is(given: Any, want: str) -> None:
    """Each with its field and the cure, before anything runs."""
    assert [f"{AT}{want}"] == told(given)


@pytest.mark.parametrize(
    "given",
    [
        {"times": "${{ params.k }}"},
        {"ratio": "${{ params.k }}"},
        {"note": "${{ params.k }}"},
        {"headers": "${{ {'a': params.n} }}"},
        {"url": "${{ params.n }}"},
    ],
)
def test_expressions_that_fit_are_taken(given: Any) -> None:
    """Any value has a text, and a pattern can be checked only when there is one."""
    assert [] == told({**URL, **given})


def test_values_of_any_kind_break_nothing() -> None:
    """What the schema lets through is refused in words."""
    odd: list[Any] = [None, True, 3, 0.5, "", "x" * 40_000, [], {}, {"secretRef": 3}, [[{}]]]
    for name in (param["name"] for param in PARAMS):
        for value in odd:
            assert all(line.startswith(AT) for line in told({**URL, name: value}))


def test_a_template_that_nobody_has_is_told_with_the_nearest() -> None:
    """As a rule it is the same name, or another version."""
    (near,) = told(URL, uses="http@v2")
    assert near.endswith("there is no template 'http@v2'; did you mean 'http@v1'?")
    (far,) = told(URL, uses="sql@v1")
    assert "create the TaskTemplate 'sql.v1' here, or a ClusterTaskTemplate of that name" in far


@pytest.mark.parametrize(
    ("task", "want"),
    [
        ({"wait": {"seconds": 1}}, "spec.tasks[0].uses: the task has wait already; keep one"),
        (
            {"env": [{"name": "WITH_url", "value": "b"}]},
            "spec.tasks[0].env[0].name: is the parameter url of the template; write it under with",
        ),
        (
            {"volumes": [{"name": "with-secrets", "emptyDir": {}}]},
            "spec.tasks[0].volumes[0].name: with-secrets is the volume of secrets in with",
        ),
        (
            {"retry": {"rules": [{"exitCodes": [n], "action": "Fail"} for n in range(1, 21)]}},
            "spec.tasks[0].retry.rules: there are 21 with those of template http@v1",
        ),
    ],
)
def test_what_contradicts_a_template_is_refused(task: dict[str, Any], want: str) -> None:
    """One task does one kind of work, and a parameter has one place."""
    assert any(line.startswith(want) for line in told(URL, **task)), told(URL, **task)


def test_names_of_objects_have_a_dot_where_tasks_have_an_at() -> None:
    """A name of Kubernetes cannot have an at."""
    assert ("http.v1", "http@v1") == (object_name("http@v1"), uses_of("http.v1"))


def test_finally_tasks_use_templates_too() -> None:
    """A notice at the end is one of the most usual."""
    last = {"name": "last", "uses": "http@v1", "with": URL}
    written = parse_workflow(workflow(**{"finally": [last]}))
    found = fill_in(written, {"http@v1": HTTP}).definition.tasks["last"]
    assert isinstance(found.work, Container)
    assert "busybox:1.37" == found.work.body.image
