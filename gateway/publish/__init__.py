"""The way of an event to durability: the producer, and the spool on disk for the time without Kafka."""
