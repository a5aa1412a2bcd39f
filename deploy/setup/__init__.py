"""What a Kafka needs before the processes start: topics and the brand. Each step can be repeated."""

from deploy.errors import Refused


class SetupError(Refused):
    """A set-up step cannot be done; the text says which, why, and what to do."""
