"""The control loop: one turn of a subject, and the order of turns."""
