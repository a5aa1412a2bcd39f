"""Trains the models of matching from the records in the store, without labels."""
