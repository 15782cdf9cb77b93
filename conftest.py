"""Fixtures for every test of the workspace: see `warren.testing.plugin`."""

pytest_plugins = ["warren.testing.plugin"]
