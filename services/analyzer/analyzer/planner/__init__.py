"""Answers questions about a table without a language model: English or Russian in, pandas code out.

The stages, each a module or package: `text` (tokens) → `names`, `candidates`, `annotate` (which words mean columns,
values, dates, operations) → `read` (what the question says) → `merge` (what a follow-up changes) → `decide` (what is to
be done) → `write` (the code and its sentences). Words and sentences of a language are one file in `languages`.
"""

from analyzer.planner.errors import CannotAnswer
from analyzer.planner.language import language_of
from analyzer.planner.plan import Plan, plan

__all__ = ["CannotAnswer", "Plan", "language_of", "plan"]
