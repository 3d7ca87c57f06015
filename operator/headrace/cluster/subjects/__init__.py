"""One module for each kind of subject: how it is observed in a cluster, and changed."""
