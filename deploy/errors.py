"""What may stop a command without being a bug."""


class Refused(Exception):
    """A command cannot do what it was asked; the text says why, which setting or file, and what to do."""
