"""The HTTP edge: answers phones, takes events, and acknowledges only what Kafka or its own disk holds."""
