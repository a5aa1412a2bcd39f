"""Who it was: identifiers become people."""
