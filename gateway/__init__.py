"""The HTTP edge: responds to phones and takes events; it acknowledges only what Kafka or its own disk has stored."""
