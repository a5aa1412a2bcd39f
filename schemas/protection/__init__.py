"""Protection of what is kept of rejected events: encrypted, with a key that an operator can destroy."""
