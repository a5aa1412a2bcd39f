"""Hostile clients, by intent or by accident: arbitrary input, arbitrary pace, guessed keys and cookies."""
