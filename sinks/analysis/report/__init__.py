"""The report: one page of charts, each with its answer in a sentence, from what the store has."""
