"""One pool: who gets its slots."""
