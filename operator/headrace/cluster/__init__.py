"""
Runs in a Kubernetes cluster: everything that speaks to the API server.

Here are a thin client, caches that heal, and the Lease by which one of several operators leads.
It reads and writes; it decides nothing about runs. It does not know kopf.
"""
