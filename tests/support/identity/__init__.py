"""Identity in tests: a simulated network of partitions, an independent oracle, builders and random histories."""
