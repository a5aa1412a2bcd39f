"""Benchmarks of Footpath beside baselines and peers, started with ``make bench``."""
