"""Benchmarks. Each prints a ratio to a named reference, measured in the same run; none is a test."""
