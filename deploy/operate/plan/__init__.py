"""`footpath brand plan`: what a new configuration changes, and how much of what happened depends on it."""
