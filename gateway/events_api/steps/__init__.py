"""Validation steps: each checks one thing of a draft, fills in the fields that follow from it, or raises."""
