"""
The web page `headrace ui`, and the API behind it: answers over HTTP, with the rights of one person.

Two places give the same answers: a cluster, and the folder of state of a laptop. What an answer
says comes from `headrace.views`, so the page and the command line never disagree.
"""
