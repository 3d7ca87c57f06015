"""
The checks of the API server on a Backfill.

Knows which fields can be changed later, and which fields go together. Knows no run.
"""

from headrace.api.schema.rule import Rule

FIXED = ("step", "stepSeconds", "timeZone", "order", "existing", "params", "priority")
"""Optional fields of a Backfill's spec that cannot be changed."""

BACKFILL_SPEC = (
    Rule("self.from <= self.to", "a backfill's from is not after its to: swap them"),
    Rule(
        "!has(self.step) || self.step != 'Seconds' || has(self.stepSeconds)",
        "step Seconds needs stepSeconds: say how many",
    ),
    Rule(
        "!has(self.stepSeconds) || has(self.step) && self.step == 'Seconds'",
        "stepSeconds has no meaning without step Seconds: remove one of them",
    ),
    Rule(
        "!has(self.timeZone) || self.timeZone == 'UTC'"
        " || has(self.step) && self.step in ['Day', 'Month']",
        "timeZone has no meaning without step Day or Month: remove it. The workflow's schedules"
        " have time zones of their own",
    ),
    *(
        Rule(
            f"self.{name} == oldSelf.{name}",
            f"{name} cannot be changed; create a new Backfill",
            field=f".{name}",
        )
        for name in ("workflow", "from", "to")
    ),
    *(
        Rule(
            f"has(self.{name}) == has(oldSelf.{name})"
            f" && (!has(self.{name}) || self.{name} == oldSelf.{name})",
            f"{name} cannot be changed; create a new Backfill",
            field=f".{name}",
        )
        for name in FIXED
    ),
    Rule(
        "!has(self.dryRun) || !self.dryRun || has(oldSelf.dryRun) && oldSelf.dryRun",
        "the backfill has begun; use desiredState Pause or Stop",
        field=".dryRun",
    ),
    Rule(
        "!has(oldSelf.desiredState) || oldSelf.desiredState != 'Cancel'"
        " || has(self.desiredState) && self.desiredState == 'Cancel'",
        "Cancel is final; create a new Backfill",
        field=".desiredState",
    ),
    Rule(
        "!has(oldSelf.desiredState) || oldSelf.desiredState != 'Stop'"
        " || has(self.desiredState) && self.desiredState in ['Stop', 'Cancel']",
        "Stop can only become Cancel; create a new Backfill",
        field=".desiredState",
    ),
)
