"""Carriers: what makes, shows and ends a kind of work on a cluster. `table` lists them."""
