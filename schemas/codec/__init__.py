"""Events to bytes and back: Avro, with or without a Schema Registry."""
