"""From the items of one question to a `Draft`: what it filters by, groups by, measures and asks for."""

from analyzer.planner.read.draft import read_draft

__all__ = ["read_draft"]
