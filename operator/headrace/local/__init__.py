"""
Runs on this machine: each attempt is a process, or a container where podman or docker is there.

The same engine decides as in a cluster. Here is what carries it out: a folder of state that
survives the runner, and processes that do too. Needs Linux or macOS.
"""
