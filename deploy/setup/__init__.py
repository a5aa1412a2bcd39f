"""Set-up steps of a Kafka before the processes start: topics and the brand. Each step can be repeated."""

from schemas.process.errors import OperatorError


class SetupError(OperatorError):
    """A set-up step failed; the text names the step, the cause and the remedy."""
