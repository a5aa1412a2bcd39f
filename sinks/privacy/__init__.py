"""Requests of people about their data: what the store has of them is exported, or erased."""
