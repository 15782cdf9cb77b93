"""The end of a delivered message."""

import enum
from collections.abc import Callable


class Verdict(enum.Enum):
    """What becomes of the message."""

    acknowledge = "the job's fate is recorded, or a follow-up message carries it on"
    requeue = "nothing was decided; RabbitMQ shall deliver it again"
    dead = "no worker can read it; it goes to the dead-letter queue"


Done = Callable[[Verdict], None]
"""Hears what becomes of a message, on the loop's thread."""
