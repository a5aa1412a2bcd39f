"""``/answer``: the answers that people give on pages."""
