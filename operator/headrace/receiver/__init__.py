"""The process that takes deliveries of webhooks and starts runs: `python -m headrace.receiver`."""
