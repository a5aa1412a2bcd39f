"""``POST /v1/events``: parsing, validation, rejects and retries of batches that other systems send."""
