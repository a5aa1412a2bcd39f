"""What follows from one event at one node, collected while it is worked out: signals to others, news for the world.

All of it is sealed: a name or a signal of a run that a crash undid would stand against what the replay decides.
"""

from dataclasses import dataclass, field

from processors.identity.guards import Limits
from processors.identity.signals import Signal, envelope, source_of
from processors.identity.state import LINKED, UNLINKED, Node
from processors.step import Effect, Emit
from schemas.events import Event, IdentityChanged
from schemas.identifiers import anchor_of
from schemas.ids import derived, person_of

APPEARED, MERGED, SPLIT, REFUSED = "appeared", "merged", "split", "refused"


@dataclass(slots=True)
class Turn:
    """``me`` is the identifier whose node has its turn, ``cause`` the event; ``effects`` grow."""

    me: str
    cause: Event
    limits: Limits
    effects: list[Effect] = field(default_factory=list)

    def signal(self, receiver: str, signal: Signal, number: int = 0) -> None:
        """To another node; ``number`` tells several of a kind to one receiver apart."""
        self.effects.append(Emit(envelope(signal, self.me, receiver, self.cause, number), sealed=True))

    def appeared(self, name: str) -> None:
        """A person whom nobody has seen before. Published at once, as the touchpoint that shows them is."""
        change = IdentityChanged(
            event_id=derived("identity", APPEARED, name),
            occurred_at=self.cause.occurred_at,
            change=APPEARED,
            person_id=name,
            identifier=self.me,
            source_event_id=source_of(self.cause),
        )
        self.effects.append(Emit(change))

    def renamed(self, old: str, node: Node, split: bool = False) -> None:
        """Touchpoints of this identifier were published for ``old``; they are the node's person's now."""
        own, change = person_of(self.me), SPLIT if split else MERGED
        self.effects.append(
            Emit(
                IdentityChanged(
                    event_id=derived("identity", change, old, node.name, own, str(node.version)),
                    occurred_at=self.cause.occurred_at,
                    change=change,
                    person_id=old,
                    into_person_id=node.name,
                    identifier=self.me,
                    source_event_id=source_of(self.cause),
                    own_person_id=own,
                    version=node.version,
                ),
                sealed=True,
            )
        )

    def judged(self, one: str, other: str, person: str, verdict: str, version: int) -> None:
        """What became of an edge: linked, unlinked, or why it was refused."""
        first, second = (one, other) if anchor_of((one, other)) == one else (other, one)
        change = verdict if verdict in (LINKED, UNLINKED) else REFUSED
        self.effects.append(
            Emit(
                IdentityChanged(
                    event_id=derived("identity", verdict, first, second, str(version)),
                    occurred_at=self.cause.occurred_at,
                    change=change,
                    person_id=person,
                    identifier=first,
                    source_event_id=source_of(self.cause),
                    version=version,
                    other_identifier=second,
                    reason=verdict if change == REFUSED else "",
                ),
                sealed=True,
            )
        )
