"""
The types of API version `v1alpha1`.

They are imported from their modules: a program that needs one should not wait for all.
"""
