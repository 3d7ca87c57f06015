"""Nothing is kept that the program does not use: what only tests call is not needed."""

from pathlib import Path

from vulture import Vulture

from headrace.api.v1alpha1.reasons import Reason

ROOT = Path(__file__).parents[2]
CALLED_BY_LIBRARIES = (
    *("list_commands", "get_command", "resolve_command", "format_commands"),  # click
    *("build", "fetch", "store", "purge", "touch", "clear", "extra_fields"),  # kopf: storages
    "workflow_changed",  # kopf: a handler
    "traceback",  # every context manager is given one
    "model_config",  # pydantic
    "media_type",  # starlette
    "ignore_aliases",  # yaml
    *("impl", "cache_ok", "process_bind_param", "process_result_value"),  # SQLAlchemy: a type
    "down_revision",  # alembic: what a migration follows
    "isolation_level",  # sqlite3: of a connection
    *("kubectl_headrace", "kubectl_complete"),  # programs of pyproject.toml
)
READ_BY_OTHERS = (
    "renew_time",  # the next leader
    *("NAMESPACES", "CONFIG_MAPS"),  # the API server in memory serves these kinds
)
SETTINGS_OF_KOPF = "controller/handlers.py"
"""It assigns settings, which kopf reads."""
DECORATORS = (
    *("@field_validator", "@model_validator"),  # pydantic
    *("@router.get", "@router.post", "@app.exception_handler"),  # FastAPI
)
TYPES = ("api/v1alpha1", "views/rows.py", "views/workflow_rows.py", "web/answers.py")
"""A field of a type is there for users, or for the page, whether or not the program reads it."""


def test_nothing_is_called_by_tests_alone() -> None:
    """A function, a constant or a field without a reader is removed, or named above with why."""
    finder = Vulture(
        ignore_names=[*CALLED_BY_LIBRARIES, *READ_BY_OTHERS], ignore_decorators=DECORATORS
    )
    finder.scavenge([str(ROOT / "operator"), str(ROOT / "scripts")])
    unused = [
        f"{item.filename}:{item.first_lineno} {item.typ} {item.name}"
        for item in finder.get_unused_code(min_confidence=60)
        if not (any(each in str(item.filename) for each in TYPES) and item.typ == "variable")
        and not (str(item.filename).endswith(SETTINGS_OF_KOPF) and item.typ == "attribute")
    ]
    assert [] == unused


def test_every_reason_is_given_somewhere() -> None:
    """The reference lists them for people who look for one."""
    source = "".join(
        path.read_text() for path in (ROOT / "operator").rglob("*.py") if path.name != "reasons.py"
    )
    assert [] == [each.name for each in Reason if f"Reason.{each.name}" not in source]
