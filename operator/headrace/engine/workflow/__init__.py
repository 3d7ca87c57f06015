"""One workflow: schedules, concurrency, and history."""
