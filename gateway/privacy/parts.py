"""The data that answers a request: read from privacy-answered when it is asked for, part by part, and never stored."""

import asyncio
import zlib
from collections.abc import AsyncGenerator, Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from gateway.http.errors import ErrorKind, RequestError
from gateway.privacy.answers import Position
from schemas.codec.avro import Codec, Undecodable
from schemas.kafka.client_options import consumer_options
from schemas.kafka.client_settings import Kafka
from schemas.protection.cipher import Damaged
from schemas.protection.keys import KeyDestroyed
from schemas.protection.reject_keys import RejectKeys
from schemas.topics import PRIVACY_ANSWERED

READ_TIMEOUT_S: Final = 5.0
MAX_READERS: Final = 4
GZIP: Final = 31
"""zlib's window bits for a gzip stream."""


class Parts:
    """:param reject_keys: that protect the data; None: there is none that could be read."""

    def __init__(self, bootstrap: Kafka, codec: Codec, reject_keys: RejectKeys | None) -> None:
        self._bootstrap = bootstrap
        self._codec = codec.of(PRIVACY_ANSWERED)
        self._reject_keys = reject_keys
        self._readers = asyncio.Semaphore(MAX_READERS)

    def check_key(self) -> None:
        """:raises RequestError: NO_REJECT_KEY."""
        if self._reject_keys is None:
            raise RequestError(
                ErrorKind.NO_REJECT_KEY,
                "data cannot be kept for you: FOOTPATH_REJECT_KEY_FILE is not set on this gateway",
            )

    async def whole(self, positions: Sequence[Position], request_id: str) -> bytes:
        """The JSON of all parts. :raises RequestError: see :meth:`texts`."""
        return b"".join([text async for text in self.texts(positions, request_id)])

    async def texts(self, positions: Sequence[Position], request_id: str) -> AsyncGenerator[bytes, None]:
        """The parts' texts in order, which make one JSON document.

        :raises RequestError: NO_REJECT_KEY, DATA_GONE, or NOT_IN_KAFKA where Kafka does not answer.
        """
        self.check_key()
        async with self._readers:
            consumer = AIOKafkaConsumer(
                **consumer_options(self._bootstrap), enable_auto_commit=False, auto_offset_reset="none"
            )
            try:
                await consumer.start()
                partitions = [TopicPartition(PRIVACY_ANSWERED.name, partition) for partition, _ in positions]
                consumer.assign(sorted({*partitions}))
                content = _Gzip()
                for number, (partition, (_, offset)) in enumerate(zip(partitions, positions, strict=True), 1):
                    consumer.seek(partition, offset)
                    async with asyncio.timeout(READ_TIMEOUT_S):
                        record = await consumer.getone(partition)
                    if record.key != f"{request_id}/{number}".encode() or record.value is None:
                        raise _gone()
                    yield await asyncio.to_thread(self._text, record.value, content)
                if not content.is_whole:
                    raise _gone()
            except TimeoutError:
                # Behind a part that was removed there may be none.
                raise _gone() from None
            except (KafkaError, OSError):
                raise RequestError(ErrorKind.NOT_IN_KAFKA, "Kafka is unavailable", retry_after_s=5) from None
            finally:
                await consumer.stop()

    def _text(self, value: bytes, content: "_Gzip") -> bytes:
        """:raises RequestError: DATA_GONE: damaged, or its key is destroyed."""
        assert self._reject_keys is not None
        try:
            return content.decompress(self._reject_keys.reveal(self._codec.decode(value).body))
        except (Undecodable, KeyDestroyed, Damaged, zlib.error):
            raise _gone() from None


class _Gzip:
    """A gzip file that comes in pieces, of one member or of several (RFC 1952, 2.2)."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(GZIP)

    @property
    def is_whole(self) -> bool:
        """Whether the last member has come to its end."""
        return self._member.eof

    def decompress(self, piece: bytes) -> bytes:
        """The text of the next piece. :raises zlib.error: it is none."""
        found = b""
        while piece:
            if self._member.eof:
                self._member = zlib.decompressobj(GZIP)
            found += self._member.decompress(piece)
            piece = self._member.unused_data
        return found


def _gone() -> RequestError:
    return RequestError(ErrorKind.DATA_GONE, "the data is not kept any more: make the request again")
