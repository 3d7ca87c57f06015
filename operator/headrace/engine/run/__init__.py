"""One run: which of its tasks are judged when, how it is steered, and what its status says."""
