"""One workflow: when its runs start, how they share time, and what is kept of them."""
