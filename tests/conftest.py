"""Brings the fixtures of real clusters to all folders; where there is none, they say what is left out."""

pytest_plugins = ["cluster.fixtures", "cluster.control"]
