"""The effects of one event at one node: signals to other nodes, and changes for identity-changed.

All but ``report_appeared`` are transactional: published by a run that a crash undid, they would contradict what the
replay decides.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from processors.identity.guards import Limits
from processors.identity.signals import DataRequested, Signal, Stated, envelope, source_of
from processors.identity.state import LINKED, UNLINKED, Node
from processors.step import PURGE, Effect, Emit
from schemas.events import ConsentStated, ErasureApplied, Event, IdentityChanged, PrivacyResolved, ProfileErased
from schemas.identifiers.types import strongest
from schemas.ids import derived, person_of

APPEARED, MERGED, SPLIT, REFUSED = "appeared", "merged", "split", "refused"


@dataclass(slots=True)
class NodeEffects:
    """``identifier`` is that of the node, ``cause`` the event that is applied to it; ``collected`` grows."""

    identifier: str
    cause: Event
    limits: Limits
    collected: list[Effect] = field(default_factory=list)

    def send(self, receiver: str, signal: Signal, number: int = 0) -> None:
        """Sends a signal to another node; ``number`` distinguishes several of one kind to the same receiver."""
        self.collected.append(Emit(envelope(signal, self.identifier, receiver, self.cause, number), transactional=True))

    def report_appeared(self, person_id: str) -> None:
        """Reports a new person. Published at once, as the touchpoint is that shows them."""
        change = IdentityChanged(
            event_id=derived("identity", APPEARED, person_id),
            occurred_at=self.cause.occurred_at,
            change=APPEARED,
            person_id=person_id,
            identifier=self.identifier,
            source_event_id=source_of(self.cause),
        )
        self.collected.append(Emit(change))

    def report_reassigned(self, old_person_id: str, node: Node, split: bool = False) -> None:
        """Reports that touchpoints of this identifier which were published under the old person are of the node's
        person now."""
        own, change = person_of(self.identifier), SPLIT if split else MERGED
        self.collected.append(
            Emit(
                IdentityChanged(
                    event_id=derived("identity", change, old_person_id, node.person_id, own, str(node.version)),
                    occurred_at=self.cause.occurred_at,
                    change=change,
                    person_id=old_person_id,
                    into_person_id=node.person_id,
                    identifier=self.identifier,
                    source_event_id=source_of(self.cause),
                    source_profile_id=own,
                    version=node.version,
                ),
                transactional=True,
            )
        )

    def report_statement(self, node: Node, stated: Stated) -> None:
        """Brings a statement to the source profile of this identifier. Before its first touchpoint a source profile is
        at its own person, from which its part follows it."""
        own, source_event_id = person_of(self.identifier), source_of(self.cause)
        self.collected.append(
            Emit(
                ConsentStated(
                    event_id=derived("consent stated", source_event_id, self.identifier),
                    occurred_at=self.cause.occurred_at,
                    person_id=node.person_id if node.used else own,
                    source_profile_id=own,
                    type=stated.type,
                    properties=stated.properties,
                    source=stated.source,
                    store=stated.store,
                    source_event_id=source_event_id,
                ),
                transactional=True,
            )
        )

    def answer(self, request: DataRequested, person_id: str, concerned: tuple[str, ...]) -> None:
        """Says whom a request concerns; with no identifiers: nothing is known."""
        resolved = PrivacyResolved(
            event_id=derived("privacy resolved", request.request_id, str(request.number)),
            occurred_at=self.cause.occurred_at,
            request_id=request.request_id,
            action=request.action,
            scope=request.scope,
            identifier=request.identifier,
            number=request.number,
            of=request.of,
            person_id=person_id,
            identifiers=concerned,
            source_profile_ids=tuple(map(person_of, concerned)),
        )
        self.collected.append(Emit(resolved, transactional=True))

    def report_erased(self, request_id: str, people: Iterable[str], removed: int) -> None:
        """Reports that this identifier is dead, to each of the people with whom its source profile may be.

        :param removed: how many things its node knew.
        """
        own, at = person_of(self.identifier), self.cause.occurred_at
        for person_id in people:
            erased = ProfileErased(
                event_id=derived("profile erased", request_id, own, person_id),
                occurred_at=at,
                request_id=request_id,
                person_id=person_id,
                source_profile_id=own,
                identifier=self.identifier,
            )
            self.collected.append(Emit(erased, transactional=True))
        applied = ErasureApplied(
            event_id=derived("erasure applied", request_id, "identity", own, str(bool(removed))),
            occurred_at=at,
            request_id=request_id,
            processor="identity",
            source_profile_id=own,
            removed=removed,
        )
        self.collected += (Emit(applied, transactional=True), PURGE)

    def report_edge(self, one: str, other: str, person_id: str, status: str, version: int) -> None:
        """Reports the status of an edge: linked, unlinked, or the reason why it was refused."""
        first, second = (one, other) if strongest((one, other)) == one else (other, one)
        change = status if status in (LINKED, UNLINKED) else REFUSED
        self.collected.append(
            Emit(
                IdentityChanged(
                    event_id=derived("identity", status, first, second, str(version)),
                    occurred_at=self.cause.occurred_at,
                    change=change,
                    person_id=person_id,
                    identifier=first,
                    source_event_id=source_of(self.cause),
                    version=version,
                    other_identifier=second,
                    reason=status if change == REFUSED else "",
                ),
                transactional=True,
            )
        )
