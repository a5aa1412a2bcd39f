"""Identity: which person is it? Reads touchpoint-recorded and identity-signalled, writes touchpoint-identified,
identity-changed, identity-signalled and consent-stated; keyed by identifier.

The protocol is a union-find without a coordinator. The state of one key is a *node*: one identifier, the person that
it belongs to, and a pointer to a *parent*, a stronger identifier of the same connected component. The node without a
parent is the *root*; it stores the *component*, all identifiers and edges that events ever brought together. The root
replays the edges in canonical order through the guards, which gives the *people* of the component (people.py).

1. A touchpoint is published at once with the person that the node of its primary identifier knows.
2. For each new edge the node sends ``EdgeSeen`` to the other identifier. That end sends ``Union`` between the two
   roots until the weaker one is reached. It sends its component to the stronger one (``MergeComponent``) and takes it
   as its parent (union_protocol.py).
3. The root resolves the people around what changed, publishes the status of edges, and sends ``PersonAssigned`` to
   identifiers whose person is another one now. Each node publishes the change of its own person on identity-changed.

Signals and changes are transactional: if a crash could undo the state but leave them published, they would contradict
what the replay decides. The touchpoint is not, because a phone waits for it, nor is the change that reports a new
person, which is derived from the identifier alone. A touchpoint shows committed state only: the shell holds back what a
key emits after an uncommitted signal.

The result depends on the set of events alone: order, repetition, crashes and the number of partitions change neither
the people nor the status of an edge. An edge takes at most three signals on average; the path to a root is logarithmic.
"""

import msgspec

from processors.consents import place_of
from processors.identity.effects import NodeEffects
from processors.identity.erasure import started
from processors.identity.guards import limits_of
from processors.identity.replay import PUBLISHED, canonical
from processors.identity.signal_handlers import handle
from processors.identity.signals import opened
from processors.identity.state import NOT_SEEN, Node, new_node
from processors.identity.touchpoints import identified, invalid, is_known, of_erased, of_nobody, record
from processors.identity.trust import assessed
from processors.reference import Reference
from processors.step import Drop, Effect, Processor, Reject, Step
from schemas import kinds
from schemas.consent.purposes import IDENTITY
from schemas.events import IdentitySignalled, PrivacyRequested, ProfileErased, TouchpointRecorded
from schemas.reasons import DropReason, RejectReason
from schemas.topics import (
    CONSENT_STATED,
    ERASURE_APPLIED,
    IDENTITY_CHANGED,
    IDENTITY_SIGNALLED,
    PRIVACY_REQUESTED,
    PRIVACY_RESOLVED,
    PROFILE_ERASED,
    TOUCHPOINT_IDENTIFIED,
    TOUCHPOINT_RECORDED,
)

_NOBODYS = {kinds.PREVIEW: Drop(DropReason.PREVIEW), kinds.SCAN_REFUSED: Drop(DropReason.SCAN_REFUSED)}


def step(
    node: Node | None,
    event: TouchpointRecorded | IdentitySignalled | PrivacyRequested | ProfileErased,
    reference: Reference,
) -> Step[Node]:
    """Applies a touchpoint or a signal to the node of one identifier. A request, and an erasure that a rebuild reads,
    becomes a signal."""
    if not isinstance(event, TouchpointRecorded):
        return _signalled(node, event, reference)
    if event.type in kinds.NOBODYS:
        return Step(node, (_NOBODYS[event.type],))
    if (rejected := invalid(event)) is not None:
        return Step(node, (rejected,))
    if not event.primary_identifier:
        return Step(node, (of_nobody(event),))
    if event.trust is None or (node is not None and node.dead):
        return _touched(node, event, reference)
    seen, event = assessed(node.seen if node is not None else NOT_SEEN, event, reference.brand.stores)
    step = _touched(node, event, reference)
    if step.state is None:
        return step
    return Step(msgspec.structs.replace(step.state, seen=seen), step.effects)


def _touched(node: Node | None, event: TouchpointRecorded, reference: Reference) -> Step[Node]:
    """Applies a touchpoint of somebody."""
    if event.type == kinds.PROBE and not (node is not None and node.dead):
        return Step(None, (identified(node, event, reference),))
    rules = reference.brand.consent
    asks = bool(rules) and IDENTITY in rules and rules[IDENTITY].asks_first(place_of(event, reference))
    if node is not None and is_known(node, event, asks):
        return Step(node, (identified(node, event, reference),))
    if node is not None and node.dead:
        return Step(node, of_erased(event, limits_of(reference)))
    return record(node or new_node(event.primary_identifier), event, reference, asks)


def _signalled(
    node: Node | None, event: IdentitySignalled | PrivacyRequested | ProfileErased, reference: Reference
) -> Step[Node]:
    if not isinstance(event, IdentitySignalled):
        effects = NodeEffects(event.identifier, event, limits_of(reference))
        started(event, effects)
        return Step(node, tuple(effects.collected))
    try:
        signal = opened(event)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Step(node, (Reject(RejectReason.MALFORMED, "is no signal", "body"),))
    effects = NodeEffects(event.identifier, event, limits_of(reference))
    node = handle(node, signal, event, effects)
    return Step(node, tuple(effects.collected))


def merge(winner: Node | None, loser: Node) -> Step[Node]:
    """A node belongs to an identifier, not to a person: it is only ever merged with itself."""
    return Step(winner or loser)


def erase(node: Node) -> tuple[Effect, ...]:
    """Forgetting a node has no effects."""
    return ()


PROCESSOR = Processor(
    name="identity",
    sources=(TOUCHPOINT_RECORDED, IDENTITY_SIGNALLED, PRIVACY_REQUESTED),
    emits=(
        TOUCHPOINT_IDENTIFIED,
        IDENTITY_CHANGED,
        IDENTITY_SIGNALLED,
        CONSENT_STATED,
        PRIVACY_RESOLVED,
        PROFILE_ERASED,
        ERASURE_APPLIED,
    ),
    state=Node,
    step=step,
    merge=merge,
    erase=erase,
    canonical=canonical,
    published=PUBLISHED,
    rebuilt_from={PRIVACY_REQUESTED: PROFILE_ERASED},
)
