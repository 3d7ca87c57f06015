"""
What the commands over running things share: where to look, how to ask, how to print.

Two sources give the same objects: an API server, and the folder of state of `headrace run`.
"""
