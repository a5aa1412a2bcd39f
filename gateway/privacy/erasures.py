"""Erasures: the dead identifiers, read from profile-erased, and stored on disk for a start without Kafka."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from aiokafka.errors import KafkaError

from schemas.codec.avro import Codec
from schemas.events import ProfileErased
from schemas.identifiers.dead import DeadIdentifiers
from schemas.kafka.client_settings import Kafka
from schemas.kafka.compacted import CompactedReader
from schemas.topics import PROFILE_ERASED

log = logging.getLogger(__name__)
RETRY_AFTER_S = 0.5


class Erasures:
    """``dead`` grows while :meth:`run` runs; ``followers`` are called with each identifier that it grows by.

    :param file: where the dead identifiers are stored: a line each, the identifier, its time in microseconds
        and a semicolon.
    """

    def __init__(self, bootstrap: Kafka, codec: Codec, file: Path) -> None:
        self._bootstrap = bootstrap
        self._codec = codec
        self._file = file
        self._fresh: list[str] = []
        self.read_whole = asyncio.Event()
        """Set once the topic was read to its end."""
        self.dead = DeadIdentifiers()
        self.followers: list[Callable[[str], None]] = []

    def load(self) -> None:
        """Adopts what an earlier process stored, if it did."""
        try:
            text = self._file.read_text(encoding="ascii")
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            log.warning("the stored erasures cannot be read: %s", type(error).__name__)
            return
        for line in text.splitlines():
            identifier, _, rest = line.partition(" ")
            at, end, _ = rest.partition(";")
            # A line that a crash cut short is read again from the topic.
            if end and at.isascii() and at.isdigit():
                self.dead[identifier] = min(int(at), self.dead.get(identifier, int(at)))

    async def await_read(self, timeout_s: float) -> None:
        """Returns when the topic has been read once, or after so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self.read_whole.wait()

    async def run(self) -> None:
        """Reads the topic until cancelled; reconnects when a broker is lost."""
        while True:
            try:
                await CompactedReader(self._bootstrap, PROFILE_ERASED, self._codec, self._apply, self.read_whole).run()
            except (KafkaError, OSError) as error:
                log.warning("erasures cannot be read: %s", type(error).__name__)
            await asyncio.sleep(RETRY_AFTER_S)

    def _apply(self, event: ProfileErased) -> None:
        if self.dead.add(event):
            for follower in self.followers:
                follower(event.identifier)
            self._fresh.append(f"{event.identifier} {event.occurred_at};\n")
            if len(self._fresh) == 1:
                # Those that are read in the same turn of the event loop are stored together.
                asyncio.get_running_loop().call_soon(self._store)

    def _store(self) -> None:
        fresh, self._fresh = self._fresh, []
        try:
            with self._file.open("a", encoding="ascii") as file:
                # A line that a crash cut short ends here.
                file.write("\n" + "".join(fresh) if file.tell() else "".join(fresh))
        except OSError as error:
            log.warning("erasures cannot be stored: %s", error.strerror)
