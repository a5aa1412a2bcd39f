"""From Kafka to the partition: fetched batches, lost ones noticed, the order after an opening."""
