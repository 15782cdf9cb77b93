"""Quotes, articles and videos on a topic, and who is recommended which."""
