"""What `footpath attribute` shows."""
