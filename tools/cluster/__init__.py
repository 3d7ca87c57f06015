"""
A Kubernetes cluster for tests, with the means of this machine.

Knows how to start and stop a cluster, and how to load images. Knows nothing of Headrace.
"""
