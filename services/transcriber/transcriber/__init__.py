"""The transcriber: live streams and recordings become text."""
