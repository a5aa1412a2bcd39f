"""What `footpath report` shows."""
