"""
A Kubernetes cluster for tests, on whatever this machine offers.

Knows how to get a cluster up and down and images into it. Knows nothing of Headrace.
"""
