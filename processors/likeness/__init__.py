"""Likeness: who is probably the same person, though no identifier says so?"""
