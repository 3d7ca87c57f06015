"""
A person's way to an API server, for a program that lives for a moment.

Standard library and PyYAML only, since to load aiohttp takes longer than a whole command may. The
controller has `headrace.kube`. Knows any Kubernetes, and nothing of Headrace.
"""
