"""Replies to chat messages: by a language model, or by the local engine."""
