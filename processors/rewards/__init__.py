"""What it earned: the points ledger."""
