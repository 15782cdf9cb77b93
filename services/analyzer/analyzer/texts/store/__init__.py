"""Texts in PostgreSQL: writing them (`texts`), finding similar ones (`nearest`), and batches of them (`batches`)."""
