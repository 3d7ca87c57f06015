"""The evaluation of expressions in a process of its own, with limits of time and memory."""
