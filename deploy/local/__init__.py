"""The embedded stack of `footpath up`: Kafka, ClickHouse and every process on one machine, supervised."""
