"""Ages, as `kubectl get` writes them: the older, the coarser. Knows lengths of time only."""

from datetime import datetime, timedelta

from headrace.engine.text import duration

_MINUTES, _HOURS, _DAYS = timedelta(minutes=10), timedelta(hours=8), timedelta(days=2)
_COARSE_DAYS = timedelta(days=8)


def age(since: datetime | None, now: datetime) -> str:
    """Write how long ago an instant was: `41s`, `3m20s`, `45m`, `2h5m`, `26h`, `3d4h`, `9d`."""
    if since is None:
        return ""
    length = max(timedelta(0), now - since)
    hours = int(length.total_seconds()) // 3600
    if length >= _COARSE_DAYS:
        return f"{hours // 24}d"
    if length >= _DAYS:
        rest = hours % 24
        return f"{hours // 24}d{rest}h" if rest else f"{hours // 24}d"
    if length >= _HOURS:
        return f"{hours}h"
    if length >= _MINUTES and not hours:
        return f"{int(length.total_seconds()) // 60}m"
    return duration(length)
