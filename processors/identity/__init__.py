"""Identity resolution: which person each identifier belongs to."""
