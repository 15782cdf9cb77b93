"""Engines: what turns an utterance into words. The README says how to add one."""

from transcriber.engines.base import Engine, Recognition, RecognizedWord, load

__all__ = ["Engine", "Recognition", "RecognizedWord", "load"]
