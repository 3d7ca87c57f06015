"""Carriers create, show and end a kind of work on a cluster. `table` lists them."""
