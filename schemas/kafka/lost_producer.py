"""Which errors mean that a producer can do nothing more, while another one with the same id could.

A transactional id that nobody used for `transactional.id.expiration.ms` (a week by default) is unknown to its
coordinator; a transaction that was open for longer than its timeout was aborted and its producer fenced, as if another
had been opened. aiokafka's sender ends on such an error, and every later call of the producer repeats it.
"""

from collections.abc import Iterator

from aiokafka import AIOKafkaProducer, errors

EXPIRED = (errors.InvalidProducerIdMapping, errors.UnknownProducerId)
"""The brokers have forgotten the producer, or know another under its transactional id."""
FINAL = (
    errors.TopicAuthorizationFailedError,
    errors.GroupAuthorizationFailedError,
    errors.ClusterAuthorizationFailedError,
    errors.TransactionalIdAuthorizationFailed,
    errors.MessageSizeTooLargeError,
    errors.RecordListTooLargeError,
    errors.UnsupportedVersionError,
)
"""Refusals that another producer would meet, too."""


def is_lost(error: errors.KafkaError, producer: AIOKafkaProducer) -> bool:
    """Whether the transaction of a producer that raised this can be repeated with a new one."""
    return all(
        isinstance(one, errors.KafkaError) and not isinstance(one, FINAL) for one in _causes(error, _end_of(producer))
    )


def is_expired(error: errors.KafkaError, producer: AIOKafkaProducer) -> bool:
    """Whether the brokers know the producer no more."""
    return any(isinstance(one, EXPIRED) for one in _causes(error, _end_of(producer)))


def _end_of(producer: AIOKafkaProducer) -> BaseException | None:
    """What ended the producer's sender, if it has ended: what its calls raise are copies that lack the cause."""
    task = producer._sender.sender_task
    return task.exception() if task is not None and task.done() and not task.cancelled() else None


def _causes(*raised: BaseException | None) -> Iterator[BaseException]:
    """The errors and those that led to them: aiokafka hides what the broker answered behind a general one."""
    for error in raised:
        while error is not None:
            yield error
            error = error.__cause__
