"""The engine that needs no model: the rule-based planner."""

import asyncio
from collections.abc import Sequence

from analyzer.engines.base import Proposal
from analyzer.frames import FrameProfile
from analyzer.planner import CannotAnswer, plan
from warren.contracts.analyzer import Attempt, Turn


class LocalEngine:
    """Has the planner write the code. It writes the same code every time, so there is nothing to repair."""

    name = "local"
    repairs = False

    async def propose(
        self,
        question: str,
        profile: FrameProfile,
        history: Sequence[Turn],
        failures: Sequence[Attempt],  # noqa: ARG002  an engine that repairs needs them
    ) -> Proposal:
        """The planner's code, or why it has none."""
        try:
            # Matching a question against 300 columns takes long enough to hold up other jobs' events.
            found = await asyncio.to_thread(plan, question, profile, tuple(history))
        except CannotAnswer as refusal:
            return Proposal(unanswerable=refusal.message)
        return Proposal(code=found.code, warnings=tuple(found.warnings))
