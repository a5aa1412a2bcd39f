"""Stream processing: pure cores, one folder each, and the shell that runs them on Kafka."""
