"""Limits over all people: who decides what is left of them, and how it is handed out."""
