"""The loop that keeps anything true: one turn of it, and the order of turns."""
