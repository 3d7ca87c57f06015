"""The words of a Backfill that say which runs it creates. Loads no types."""

from headrace.api.v1alpha1.enums import ApiEnum


class Step(ApiEnum):
    """What is between two logical times of a backfill."""

    SCHEDULE = "Schedule"
    """The logical times are the ticks of the workflow's schedules."""

    SECONDS = "Seconds"
    """Each is stepSeconds after the one before; the first is `from`."""

    DAY = "Day"
    """One each local day, at the local time of `from`."""

    MONTH = "Month"
    """One each month, at the local day and time of `from`."""


class TickOrder(ApiEnum):
    """Which logical times come first."""

    OLDEST_FIRST = "OldestFirst"
    NEWEST_FIRST = "NewestFirst"


class Existing(ApiEnum):
    """What happens at a logical time that has a run already."""

    SKIP = "Skip"
    """Nothing, however the run ended."""

    RERUN_FAILED = "RerunFailed"
    """A run that did not succeed is repeated from what failed, once."""

    RERUN_ALL = "RerunAll"
    """Each run that has ended is repeated, all tasks of it, once."""
