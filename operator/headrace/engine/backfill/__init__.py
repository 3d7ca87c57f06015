"""One backfill: its logical times, what has become of each, and which runs start next."""
