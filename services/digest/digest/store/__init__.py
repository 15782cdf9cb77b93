"""Reads and writes the service's tables. Each function works within the caller's transaction."""
