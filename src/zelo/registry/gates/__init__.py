"""Checks that a version must pass to be promoted: a stable code and a file each."""
