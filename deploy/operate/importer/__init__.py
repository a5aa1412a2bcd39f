"""Import of recorded events (JSON Lines) through the gateway; an interrupted import continues at its checkpoint."""
