"""The Kafka clients that processes share: producer, reader of compacted topics, partitioner, addressing."""
