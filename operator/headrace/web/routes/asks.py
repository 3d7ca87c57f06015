"""What somebody asks for with an action, and how it is answered: as a preview, or for real."""

from collections.abc import Callable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from headrace.cli.window.exits import WindowError
from headrace.web.acting import Deed
from headrace.web.answers import Done
from headrace.web.places import Place

Short = Annotated[str, StringConstraints(max_length=300)]


class Ask(BaseModel):
    """What somebody asks for."""

    model_config = ConfigDict(extra="forbid")

    preview: bool = False
    """Say the command that does the same, and change nothing."""


Params = Annotated[
    dict[Short, Annotated[str, StringConstraints(max_length=60_000)]], Field(max_length=100)
]
"""Values by the names of parameters, as text. A name that is left out has its default."""


def done(place: Place, ask: Ask, act: Callable[[Deed], Done]) -> Done:
    """Do what somebody asks for. What keeps a preview from being done is no failed request."""
    with place.open() as source:
        try:
            return act(Deed(place.window, source, ask.preview))
        except WindowError as error:
            if not ask.preview:
                raise
            return Done("", "", problem=str(error))
