"""Composes and operates the system: command line, operator commands, embedded stack, set-up, demo."""
