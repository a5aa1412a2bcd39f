"""Answers to questions of the brand: what they look like in an event."""
