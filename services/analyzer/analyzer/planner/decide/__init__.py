"""From what was said (`Draft`) to what is done (`Query`): defaults, and a warning for each that is not obvious."""

from analyzer.planner.decide.decide import Decided, decide

__all__ = ["Decided", "decide"]
