"""Consent per purpose: what people said, and what follows from it at a given time. Pure; every process may ask."""
