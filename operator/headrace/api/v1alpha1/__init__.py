"""
The types of API version `v1alpha1`.

Import each type from its module: a program that needs one should not wait for all.
"""
