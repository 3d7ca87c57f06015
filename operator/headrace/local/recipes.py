"""
How the environments of templates are made again: a run may outlive what its tasks run in.

A run's definition names the environment that it began with, and the cache of environments may be
emptied. So the folder of state keeps the recipe of each. Knows files; makes nothing.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from headrace.local.environments import Environment
from headrace.local.folder import StateFolder
from headrace.local.store import UnusableStateError


def keep(folder: StateFolder, environments: Mapping[str, Environment]) -> None:
    """
    Keep the recipes of environments, by the template that each is for.

    Raises:
        UnusableStateError: They cannot be written.

    """
    try:
        for uses, each in environments.items():
            recipe = _recipe(folder, each.folder.name)
            if recipe.exists():
                continue
            recipe.parent.mkdir(mode=0o700, exist_ok=True)
            if each.requirements is not None:
                recipe.with_suffix(".txt").write_bytes(each.requirements.read_bytes())
            written = {
                "uses": uses,
                "interpreter": str(each.interpreter),
                "packages": each.requirements is not None,
                "modules": [str(module) for module in each.modules],
                "folder": str(each.folder),
            }
            draft = recipe.with_suffix(".draft")
            draft.write_text(json.dumps(written))
            draft.replace(recipe)
    except OSError as error:
        raise UnusableStateError(f"{folder.root} cannot be written: {error.strerror}") from error


def lacking(folder: StateFolder, definitions: Iterable[str]) -> Iterator[tuple[str, Environment]]:
    """
    Yield the environments that some definitions name and that are gone, and whom each is for.

    Args:
        folder: The folder of state with the recipes.
        definitions: WorkflowSpecs as JSON.

    """
    texts = tuple(definitions)
    for recipe in sorted(_recipe(folder, "").parent.glob("*.json")):
        try:
            written = json.loads(recipe.read_bytes())
            made = Environment(
                Path(written["interpreter"]),
                recipe.with_suffix(".txt") if written["packages"] else None,
                tuple(map(Path, written["modules"])),
                Path(written["folder"]),
            )
            uses = str(written["uses"])
        except (OSError, ValueError, KeyError, TypeError):
            continue  # Somebody has changed it: the run says what it lacks.
        named = json.dumps(str(made.folder))[1:-1]
        if not made.is_complete and any(named in text for text in texts):
            yield uses, made


def _recipe(folder: StateFolder, name: str) -> Path:
    return folder.root / "environments" / f"{name}.json"
