"""Zelo: from a table of data to a service that people can trust, and keeps it true."""

__version__ = "0.1.0"
