"""Greets people: the program of the template in greet.yaml."""

from dataclasses import dataclass

from task_contract import WrongInput, info, run, values_for, write_outputs


@dataclass(frozen=True)
class Greet:
    """The parameters."""

    who: list[str]
    word: str = "Hello"


def main() -> None:
    """Greet each."""
    greet = values_for(Greet)
    if not greet.who:
        raise WrongInput("who is an empty list; name somebody")
    for name in greet.who:
        info(f"{greet.word}, {name}!")
    write_outputs(greeted=len(greet.who))


run(main)
