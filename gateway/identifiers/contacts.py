"""Keeps the contact values that trusted senders state: encrypted, once for each identifier.

Events of few are published together with their contacts. A large batch is answered first: its contacts follow within
seconds, at a pace that leaves the time to requests; a gateway that is killed meanwhile keeps those with the next event
that names them.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from itertools import islice

from gateway.identifiers.remembered import Remembered
from gateway.metrics import Metrics
from gateway.publish.clock import Clock
from gateway.publish.publisher import Publisher
from gateway.publish.spool import SpoolFull
from schemas.contacts.protection import protect_contact
from schemas.contacts.types import CONTACT_TYPES
from schemas.contacts.wrapping import KeyWrapper
from schemas.events import ContactRecorded, Event
from schemas.identifiers.named import Named, normal_of
from schemas.identifiers.pseudonyms import Pseudonyms

log = logging.getLogger(__name__)
AT_ONCE = 50
"""Contacts between two pauses: a millisecond."""
PAUSE_S = 0.03
MOST_WAITING = 50_000
"""Contacts that wait; beyond them a batch is answered when its contacts were kept: an import slows down to them."""
RETRY_AFTER_S = 1.0


class Contacts:
    """:param wrapper: the master keys; None: no contacts are kept."""

    def __init__(self, wrapper: KeyWrapper | None, publisher: Publisher, clock: Clock, metrics: Metrics) -> None:
        self._wrapper = wrapper
        self._publisher = publisher
        self._clock = clock
        self._kept = metrics.contacts
        self._remembered = Remembered()
        self._waiting: dict[str, tuple[Named, Pseudonyms]] = {}
        self._arrived = asyncio.Event()
        metrics.contacts_known.set_function(lambda: len(self._remembered))
        metrics.contacts_waiting.set_function(lambda: len(self._waiting))

    def new(self, named: Iterable[Named]) -> dict[str, Named]:
        """Of these the contacts that are not kept yet, by identifier."""
        if self._wrapper is None:
            return {}
        return {
            one.identifier: one for one in named if one.kind in CONTACT_TYPES and one.identifier not in self._remembered
        }

    def events(self, contacts: Iterable[Named], pseudonyms: Pseudonyms) -> list[Event]:
        """The events that keep contacts, for the caller to publish; :meth:`published` comes after that."""
        events: list[Event] = []
        now = self._clock.now_us()
        for one in contacts:
            assert self._wrapper is not None, "without a wrapper no contact is new"
            value = normal_of(one, pseudonyms)
            if (protected := protect_contact(one.identifier, value, self._wrapper, now)) is not None:
                events += protected
        return events

    def published(self, events: Sequence[Event]) -> None:
        """Kafka or the spool has the events."""
        identifiers = [event.identifier for event in events if isinstance(event, ContactRecorded)]
        self._remembered.add(identifiers)
        self._kept.inc(len(identifiers))

    async def later(self, contacts: dict[str, Named], pseudonyms: Pseudonyms) -> None:
        """Keeps contacts in the background; waits where too many do already."""
        while contacts and len(self._waiting) >= MOST_WAITING:
            await self._keep_some()
        self._waiting.update((identifier, (one, pseudonyms)) for identifier, one in contacts.items())
        if contacts:
            self._arrived.set()

    def remember(self, identifier: str) -> None:
        """The topic has a contact, of whatever gateway."""
        self._remembered.add((identifier,))

    def forget(self, identifier: str) -> None:
        """The identifier is erased: its value is a new one when it comes again."""
        self._remembered.forget(identifier)
        self._waiting.pop(identifier, None)

    async def run(self) -> None:
        """Keeps what waits, until cancelled."""
        while True:
            await self._arrived.wait()
            try:
                await self._keep_some()
            except SpoolFull:
                await asyncio.sleep(RETRY_AFTER_S)
            if not self._waiting:
                self._arrived.clear()
            await asyncio.sleep(PAUSE_S)

    async def close(self) -> None:
        """Keeps all that waits; called after the last request, before the publisher closes."""
        try:
            while self._waiting:
                await self._keep_some()
        except SpoolFull:
            log.warning("contacts are not kept: %d", len(self._waiting))

    async def _keep_some(self) -> None:
        """:raises SpoolFull: they go on waiting."""
        chosen = dict(islice(self._waiting.items(), AT_ONCE))
        for identifier in chosen:
            del self._waiting[identifier]
        try:
            events = [event for one, pseudonyms in chosen.values() for event in self.events((one,), pseudonyms)]
            await self._publisher.publish(events)
            self.published(events)
        except SpoolFull:
            self._waiting.update(chosen)
            raise
