"""Kernels that run where a batch system puts them.

Jupyter finds the provisioners by entry points; nothing here is imported before a kernel of a place is started.
"""
