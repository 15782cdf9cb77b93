"""From a `Query` to pandas code and a sentence about it, in the question's language."""

from analyzer.planner.write.write import Written, write

__all__ = ["Written", "write"]
