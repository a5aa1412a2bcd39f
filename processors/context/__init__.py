"""What to answer: one action for each scan, and why."""
