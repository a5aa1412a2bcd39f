"""Errors whose message is written for the operator."""


class OperatorError(Exception):
    """An error whose message a log or a terminal may show: it holds settings, addresses, topics, offsets and counts,
    and never data of an event. Of every other exception the log shows the class and the place alone."""
