"""Texts: what describes them (`features`), and vectors to find similar ones by (`embeddings`)."""
