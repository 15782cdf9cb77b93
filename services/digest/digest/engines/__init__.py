"""Who categorizes and summarizes posts: a language model, or the local engine."""
