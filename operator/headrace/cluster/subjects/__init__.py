"""The subjects in a cluster, one module each: how to observe and change them."""
