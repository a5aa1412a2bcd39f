"""Output of `footpath attribute`; the models are in `sinks/analysis/attribution`."""
