"""Intake: one event, one effect, whoever sends it again."""
