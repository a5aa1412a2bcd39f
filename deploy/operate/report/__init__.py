"""Output of `footpath report`; the report itself is made by `sinks/analysis/report`."""
