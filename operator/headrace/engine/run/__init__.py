"""One run: the order of judgements, steering, and the status."""
