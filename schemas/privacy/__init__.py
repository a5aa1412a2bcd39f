"""The form of what a person gets of their data."""
