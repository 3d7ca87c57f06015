"""Which runs were forgotten on request, and by whom; indexes for what people search for."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table and the indexes."""
    op.create_table(
        "erasures",
        sa.Column("run_uid", sa.String(64), primary_key=True),
        sa.Column("namespace", sa.String(63), nullable=False),
        sa.Column("name", sa.String(253), nullable=False),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("asked", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("runs_by_failure", "runs", ["namespace", "failed", "created", "uid"])
    op.create_index("runs_by_reason", "runs", ["namespace", "reason", "created", "uid"])
    op.create_index("runs_by_definition", "runs", ["definition"])
