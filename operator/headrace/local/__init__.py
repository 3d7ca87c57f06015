"""
Runs on this machine: each attempt is a process, or a container of podman or docker.

The same engine decides as in a cluster. This package carries decisions out: the folder of state and
the processes survive the runner. Needs Linux or macOS.
"""
