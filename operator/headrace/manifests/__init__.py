"""
Between the engine and Kubernetes objects: attempts to Jobs, Jobs and Pods to sightings.

Pure: builds and reads plain dictionaries, knows no API server and makes no decision.
"""
