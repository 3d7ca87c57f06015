"""Templates of tasks: a program in an image, and the typed parameters that a task gives it."""

import json
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from headrace.api.checks.text_patterns import fits, unreadable
from headrace.api.checks.unique import Unique
from headrace.api.v1alpha1.base import ApiType, LongText, NoNul, ParamName, ProgramText, ShortText
from headrace.api.v1alpha1.enums import ApiEnum
from headrace.api.v1alpha1.for_each import Item
from headrace.api.v1alpha1.pod import EnvVar, Resources
from headrace.api.v1alpha1.retry import RetryPolicy
from headrace.api.v1alpha1.task import Image, Output

EXPRESSION = "${{"
"""What begins an expression in a text."""

PREFIX = "WITH_"
"""What the variables of parameters begin with, each followed by the parameter's name."""

FILE = "_FILE"
"""What the variable ends with that names the file of a secret."""

LONGEST_SHOWN = 80
"""How many characters of a value a message shows."""

RelativePath = Annotated[
    str, StringConstraints(min_length=1, max_length=1024, pattern=r"^[^/\\]"), NoNul
]
"""The path of a file beside the file of the template."""


class TemplateParamType(ApiEnum):
    """The types that a parameter of a template can have."""

    STRING = "String"
    """Text."""

    INTEGER = "Integer"
    """A whole number."""

    NUMBER = "Number"
    """A number, whole or not."""

    BOOLEAN = "Boolean"
    """true or false."""

    JSON = "Json"
    """Any value of JSON: a list or an object, too. The program gets it as JSON."""

    SECRET = "Secret"  # noqa: S105 - the name of a type
    """A key of a Secret, as `secretRef: {name: ..., key: ...}`. The program gets it as a file."""


PYTHON_TYPES: dict[TemplateParamType, tuple[type, ...]] = {
    TemplateParamType.STRING: (str,),
    TemplateParamType.INTEGER: (int,),
    TemplateParamType.NUMBER: (int, float),
    TemplateParamType.BOOLEAN: (bool,),
    TemplateParamType.JSON: (bool, int, float, str, list, dict),
}


def unfit(param: "TemplateParam", value: Any) -> str | None:
    """Return why a value without expressions does not fit a parameter; None: it fits."""
    if type(value) not in PYTHON_TYPES[param.type]:
        return f"must be of type {param.type}, not {_shown(value)}"
    if param.enum and value not in param.enum:
        return f"is {_shown(value)}; allowed: {', '.join(map(_shown, param.enum))}"
    if param.pattern is not None and not fits(param.pattern, value):
        return f"is {_shown(value)}, and does not match {param.pattern}"
    return None


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


class TemplateParam(ApiType):
    """A parameter that the program of a template takes."""

    name: ParamName
    """name is the key of the value in the task's `with`. The program gets the value in the variable
    WITH_ and this name."""

    type: TemplateParamType = TemplateParamType.STRING
    """type is String, Integer, Number, Boolean, Json or Secret."""

    required: bool = False
    """required says that each task must give a value."""

    default: Item | None = None
    """default is the value for a task that gives none. Without a default, the program then finds no
    variable."""

    enum: tuple[Item, ...] = Field(default=(), max_length=100)
    """enum lists the allowed values. An empty list allows all values of the type."""

    pattern: Annotated[str, StringConstraints(min_length=1, max_length=1024), NoNul] | None = None
    """pattern is a regular expression (RE2) that the whole of a text must match."""

    expressions: bool = True
    """expressions says whether a task may give the value as an expression in `${{ }}`. Default
    true. A secret takes none, and a value with an enum or a pattern is not known before it runs:
    the program checks it again."""

    description: ShortText = ""
    """description says what the parameter is for."""

    @model_validator(mode="after")
    def _fits_itself(self) -> Self:
        if self.required and self.default is not None:
            raise ValueError("default: has no meaning for a required parameter; remove one of both")
        if self.pattern is not None:
            self._check_pattern(self.pattern)
        if self.type is TemplateParamType.SECRET:
            self._check_secret()
            return self
        for value in self.enum:
            if type(value) not in PYTHON_TYPES[self.type]:
                raise ValueError(
                    f"enum: {json.dumps(value)} is not of type {self.type};"
                    " change it, or the parameter's type"
                )
        if EXPRESSION in json.dumps([self.default, *self.enum]):
            raise ValueError("default: has an expression, and a template knows no workflow")
        wrong = None if self.default is None else unfit(self, self.default)
        if wrong is not None:
            raise ValueError(f"default: {wrong}")
        return self

    def _check_pattern(self, pattern: str) -> None:
        if self.type is not TemplateParamType.STRING:
            raise ValueError("pattern: only a String has one; remove it")
        cause = unreadable(pattern)
        if cause is not None:
            raise ValueError(f"pattern: cannot be read as RE2: {cause}")

    def _check_secret(self) -> None:
        if self.default is not None or self.enum:
            name = "enum" if self.default is None else "default"
            raise ValueError(f"{name}: a Secret has none, since templates hold no secrets")


class LocalProgram(ApiType):
    """How the program runs on a laptop without containers."""

    program: RelativePath
    """program is the Python file, beside the template's file."""

    requirements: RelativePath | None = None
    """requirements is the file with the Python packages, each with its hashes, beside the
    template's file. `headrace run` installs them into a virtual environment of their own."""


class TemplateSpec(ApiType):
    """What a template runs, and what a task must tell it."""

    description: ShortText = ""
    """description says in a sentence what the template does."""

    documentation: LongText = ""
    """documentation is the text for people who use the template, in Markdown."""

    params: Annotated[tuple[TemplateParam, ...], Unique("name")] = Field(default=(), max_length=100)
    """params are the parameters that a task may give in `with`."""

    image: Image
    """image is the container image of the program."""

    command: tuple[ProgramText, ...] = Field(default=(), max_length=256)
    """command is the program and its first arguments. Default: the image's entrypoint."""

    args: tuple[ProgramText, ...] = Field(default=(), max_length=256)
    """args are arguments after the command."""

    env: Annotated[tuple[EnvVar, ...], Unique("name")] = Field(default=(), max_length=100)
    """env are further variables of the program. A task's own variable of the same name wins."""

    resources: Resources | None = None
    """resources are for tasks that give none of their own."""

    retry: RetryPolicy | None = None
    """retry is for tasks that give none of their own. The rules here also come after those of a
    task: they say which exit codes no further attempt can cure."""

    outputs: Annotated[tuple[Output, ...], Unique("name")] = Field(default=(), max_length=50)
    """outputs are the values that the program promises to write."""

    local: LocalProgram | None = None
    """local says how the program runs on a laptop without containers. Default: it runs there as its
    command."""

    @field_validator("params")
    @classmethod
    def _have_variables_of_their_own(
        cls, params: tuple[TemplateParam, ...]
    ) -> tuple[TemplateParam, ...]:
        names = {param.name for param in params}
        for param in params:
            if param.type is TemplateParamType.SECRET and f"{param.name}{FILE}" in names:
                raise ValueError(
                    f"{param.name}{FILE} is the variable of the secret {param.name}; choose"
                    " another name"
                )
        return params

    @field_validator("env")
    @classmethod
    def _know_no_workflow(cls, env: tuple[EnvVar, ...]) -> tuple[EnvVar, ...]:
        for variable in env:
            if variable.name.startswith(PREFIX):
                raise ValueError(
                    f"names that start with {PREFIX} are those of parameters; choose another"
                )
            if EXPRESSION in (variable.value or ""):
                raise ValueError(
                    f"{variable.name} has an expression, and a template knows no workflow; make it"
                    " a parameter with a default"
                )
        return env
