"""
Runs in a Kubernetes cluster: everything that speaks to the API server.

It reads and writes, and decides nothing about runs. It does not know kopf.
"""
