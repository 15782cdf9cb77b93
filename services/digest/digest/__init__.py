"""The digest service: posts become digests that people trust."""
