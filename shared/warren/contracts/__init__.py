"""The messages services agree on: one module for each owning service, versioned, with golden samples in the tests.

Readers ignore fields they do not know, so a field may be added at any time; it needs a default, so that the
previous version still decodes. Renaming or removing one is a new `version` of the message.
"""
