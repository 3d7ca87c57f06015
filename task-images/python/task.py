"""
The program of the template `python`: runs a script, a file or a module, with locked packages.

Knows the parameters. `packages` makes what the script imports, `script` runs it.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packages import Index, install
from script import Code, Lines, execute, variables_for
from task_contract import WrongInput, run, values_for


@dataclass(frozen=True, slots=True)
class Order:
    """The parameters."""

    script: str = ""
    file: str = ""
    module: str = ""
    variables: dict[str, Any] = field(default_factory=dict)
    secret: bytes | None = None
    requirements: str = ""
    requirementsFrom: str = ""  # noqa: N815 - the names of parameters
    indexUrl: str = ""  # noqa: N815
    indexUser: str = ""  # noqa: N815
    indexPassword: bytes | None = None  # noqa: N815
    cache: str = ""
    installSeconds: int = 600  # noqa: N815


def main() -> None:
    """Do what the parameters say."""
    order = values_for(Order)
    code = _code(order)
    variables = variables_for(order.variables, order.secret)
    listed = _requirements(order)
    secrets = [each.decode() for each in (order.secret, order.indexPassword) if each]
    if listed:
        index = Index(order.indexUrl, order.indexUser, (order.indexPassword or b"").decode())
        install(listed, index, order.cache, order.installSeconds)
    execute(code, variables, Lines(secrets))


def _code(order: Order) -> Code:
    given = [name for name in ("script", "file", "module") if getattr(order, name)]
    if len(given) != 1:
        raise WrongInput(
            f"give one of script, file and module, not {', '.join(given) or 'none of them'}"
        )
    if order.module:
        return Code("", order.module, "")
    if order.script:
        return Code(order.script, "", "script")
    return Code(_read(order.file, "file"), "", order.file)


def _requirements(order: Order) -> str:
    if order.requirements and order.requirementsFrom:
        raise WrongInput("give one of requirements and requirementsFrom, not both")
    if order.requirementsFrom:
        return _read(order.requirementsFrom, "requirementsFrom")
    return order.requirements


def _read(path: str, parameter: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise WrongInput(f"{parameter} {path[:200]!r}: {why}; correct it") from None


if __name__ == "__main__":
    run(main)
