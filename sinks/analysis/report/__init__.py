"""The report: one page of charts from the store, each with its answer in a sentence."""
