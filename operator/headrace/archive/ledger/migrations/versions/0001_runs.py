"""The runs, with what belongs to them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

UID, NAME, WORD = sa.String(64), sa.String(253), sa.String(64)
INSTANT = sa.DateTime(timezone=True)


def _of(parent: str, key: str) -> sa.ForeignKey:
    return sa.ForeignKey(f"{parent}.{key}", ondelete="CASCADE")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "definitions",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    _runs()
    _tasks()
    op.create_table(
        "events",
        sa.Column("run_uid", UID, _of("runs", "uid"), primary_key=True),
        sa.Column("uid", UID, primary_key=True),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("object", NAME, nullable=False),
        sa.Column("type", WORD, nullable=False),
        sa.Column("reason", sa.String(128), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("last", INSTANT),
    )
    op.create_table(
        "logs",
        sa.Column("run_uid", UID, _of("runs", "uid"), primary_key=True),
        sa.Column("pod", NAME, primary_key=True),
        sa.Column("task", NAME, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("item", sa.Integer),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("cut", sa.Boolean, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("uid", UID, primary_key=True),
        sa.Column("namespace", sa.String(63), nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("workflow", NAME, nullable=False),
        sa.Column("definition", sa.String(64), sa.ForeignKey("definitions.digest")),
        sa.Column("revision", NAME, nullable=False),
        sa.Column("caller_uid", UID, nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("logical_time", INSTANT),
        sa.Column("started", INSTANT),
        sa.Column("finished", INSTANT, nullable=False),
        sa.Column("reason", WORD, nullable=False),
        sa.Column("succeeded", sa.Boolean, nullable=False),
        sa.Column("failed", sa.Boolean, nullable=False),
        sa.Column("archived", INSTANT, nullable=False),
    )
    op.create_index("runs_by_time", "runs", ["created", "uid"])
    op.create_index("runs_by_namespace", "runs", ["namespace", "created", "uid"])
    op.create_index("runs_by_workflow", "runs", ["namespace", "workflow", "created", "uid"])
    op.create_index("runs_by_name", "runs", ["namespace", "name", "created"])
    op.create_index("runs_by_end", "runs", ["finished"])
    op.create_index("runs_by_caller", "runs", ["caller_uid"])
    op.create_table(
        "run_objects",
        sa.Column("run_uid", UID, _of("runs", "uid"), primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )


def _tasks() -> None:
    op.create_table(
        "task_runs",
        sa.Column("uid", UID, primary_key=True),
        sa.Column("run_uid", UID, _of("runs", "uid"), nullable=False),
        sa.Column("task", NAME, nullable=False),
        sa.Column("reason", WORD, nullable=False),
        sa.Column("outcome", WORD, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("started", INSTANT),
        sa.Column("finished", INSTANT),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("task_runs_by_run", "task_runs", ["run_uid"])
    op.create_table(
        "attempts",
        sa.Column("task_run_uid", UID, _of("task_runs", "uid"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("pod", NAME, nullable=False),
        sa.Column("node", NAME, nullable=False),
        sa.Column("started", INSTANT),
        sa.Column("finished", INSTANT),
        sa.Column("exit_code", sa.Integer),
        sa.Column("reason", WORD, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
    )
    op.create_table(
        "outputs",
        sa.Column("task_run_uid", UID, _of("task_runs", "uid"), primary_key=True),
        sa.Column("name", NAME, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
