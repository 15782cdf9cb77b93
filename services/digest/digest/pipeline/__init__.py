"""From unprocessed posts to a digest: claim, group, cut into batches, categorize, summarize, choose, compose."""
