"""Broadcast on `warren.control` to every worker process."""

from typing import Literal

from warren.contracts.base import Message


class CancelJob(Message):
    """Stop this job if it runs here, and do not start it if it comes."""

    type: Literal["cancel"] = "cancel"
    job_id: str
