"""Topics into tables: fetched batches in, inserts and rejects out, offsets committed after both."""
