"""Identity: who was it? Reads touchpoint-recorded and identity-signalled, writes touchpoint-identified,
identity-changed and identity-signalled; keyed by identifier.

A touchpoint passes at once with the person known at its anchor. What it says about identifiers that belong together
travels between their nodes as signals (linking.py), until the root of their group decides who the people are
(people.py); who turns out to be somebody else is told on identity-changed.
"""

from collections.abc import Iterable

import msgspec

from processors.identity.guards import limits_of
from processors.identity.linking import edge_between, named, note, report, rise, seen_with, unite
from processors.identity.signals import Gather, Named, Seen, Unite, opened
from processors.identity.state import NEVER, Edge, Group, Member, Node, Word, new_node
from processors.identity.turn import Turn
from processors.step import Effect, Emit, Processor, Reject, Step
from processors.world import World
from schemas import kinds, reasons
from schemas.events import IdentitySignalled, TouchpointIdentified, TouchpointRecorded
from schemas.identifiers import is_blocked, type_of
from schemas.ids import person_of
from schemas.topics import IDENTITY_SIGNALLED, TOUCHPOINT_RECORDED

LATEST_US = 4_102_444_800_000_000
"""The year 2100 in microseconds: later times are no times of touchpoints, and calendars downstream end somewhere."""
DEVICE = "device"
replace = msgspec.structs.replace


def step(node: Node | None, event: TouchpointRecorded | IdentitySignalled, world: World) -> Step[Node]:
    """The turn of one identifier."""
    if isinstance(event, IdentitySignalled):
        return _signalled(node, event, world)
    if (wrong := _impossible(event)) is not None:
        return Step(node, (wrong,))
    if event.type == kinds.PROBE:
        return Step(None, (_identified(node, event),))
    if node is not None and _nothing_new(node, event):
        return Step(node, (_identified(node, event),))
    return _recorded(node or new_node(event.anchor), event, world)


def merge(winner: Node | None, loser: Node) -> Step[Node]:
    """Nodes are nobody's state: the same identifier's is joined with nothing but itself."""
    return Step(winner or loser)


def erase(node: Node) -> tuple[Effect, ...]:
    """Nothing is owed to anyone when a node is forgotten."""
    return ()


def _impossible(event: TouchpointRecorded) -> Reject | None:
    """What no gateway lets through, and a producer of somebody else's may write all the same."""
    if not event.anchor:
        return Reject(reasons.INVALID, "is empty", "anchor")
    if not 0 <= event.occurred_at < LATEST_US:
        return Reject(reasons.INVALID, "is before 1970 or after 2100", "occurred_at")
    if event.amount_micros is not None and event.amount_micros < 0:
        return Reject(reasons.INVALID, "is negative", "amount_micros")
    if event.type in kinds.VERDICTS and len({event.anchor, *event.identifiers}) != 2:
        return Reject(reasons.INVALID, "must be two different ones", "identifiers")
    return None


def _nothing_new(node: Node, event: TouchpointRecorded) -> bool:
    """Whether everything that the event says of identifiers is known: nearly always."""
    at, anchor, neighbours = event.occurred_at, event.anchor, node.neighbours
    if at < node.first_seen or not node.used or event.type in kinds.VERDICTS or "device_class" in event.properties:
        return False
    for other in event.identifiers:  # noqa: SIM110  # a generator would cost as much as the rest
        if other != anchor and neighbours.get(other, NEVER) > at:
            return False
    return True


def _recorded(before: Node, event: TouchpointRecorded, world: World) -> Step[Node]:
    """A touchpoint that says something new."""
    turn = Turn(event.anchor, event, limits_of(world))
    if not before.used:
        _introduce(before, turn)
    turn.effects.append(_identified(before, event))
    news = event.occurred_at < before.first_seen or not before.used
    node = replace(before, first_seen=min(before.first_seen, event.occurred_at), used=True, former=())
    others = dict.fromkeys(other for other in event.identifiers if other != event.anchor)
    if event.type in kinds.VERDICTS:
        [other] = others
        carried = _pass_on_word(node, other, event.type == kinds.LINKED, turn)
    else:
        node, carried = _meet(node, others, news, turn, turn.limits.never_stitches(event.properties))
    # What is new of the anchor travels to the root with the event's edges, unless somebody on the way refuses them.
    if node.flag != before.flag or (news and (node.flag or node.packed or not carried)):
        node = report(node, turn)
    return Step(node, tuple(turn.effects))


def _introduce(node: Node, turn: Turn) -> None:
    """The first touchpoint under this identifier. An owner who had lost the partition may have published it under
    another name."""
    own = person_of(turn.me)
    if node.name == own:
        turn.appeared(own)
    for old in dict.fromkeys((own, *node.former)):
        if old != node.name:
            turn.renamed(old, node)


def _pass_on_word(node: Node, other: str, linked: bool, turn: Turn) -> bool:
    """Whether the other identifier was told."""
    if is_blocked(other) or is_blocked(turn.me):
        turn.judged(turn.me, other, node.name, reasons.BLOCKED_VALUE, 0)
        return False
    turn.signal(other, Seen(turn.me, node.up or turn.me, node.name, word=linked))
    return True


def _meet(node: Node, others: Iterable[str], news: bool, turn: Turn, crowded: bool) -> tuple[Node, bool]:
    """Tells the other identifiers of an event whom they were seen with, as far as they do not know; and whether it did.

    :param news: its root does not know all of the anchor. :param crowded: the device is one that many people use.
    """
    me, at, untold = turn.me, turn.cause.occurred_at, []
    if crowded and type_of(me) == DEVICE:
        node = replace(node, flag=reasons.SHARED_DEVICE)
    for other in others:
        known = node.neighbours.get(other)
        if is_blocked(other) or is_blocked(me):
            node = _refuse_blocked(node, other, turn) if known is None else node
            continue
        shared = crowded and type_of(other) == DEVICE and other not in node.warned
        if known is not None and known <= at and not shared:
            continue
        node = note(node, other, at, turn.limits.neighbours(type_of(me)))
        if shared and other in node.neighbours:
            node = replace(node, warned=(*node.warned, other))
        if known is not None and not shared and _is_edge(node, me, other):
            node = rise(node, edge_between(me, other, at, Edge(at, turn.cause.event_id)), turn)
        else:
            untold.append((other, known is None, shared))
    for other, unknown, shared in untold:
        seen = Seen(me, node.up or me, node.name, news=news, refused=bool(node.flag), shared=shared)
        turn.signal(other, seen)
        if unknown and node.flag:
            turn.judged(me, other, node.name, node.flag, 0)
    return node, bool(untold)


def _is_edge(node: Node, me: str, other: str) -> bool:
    """Whether this is the root and has the edge: then nobody else needs to hear of an earlier time."""
    return node.group is not None and other in node.group.members[me].edges


def _refuse_blocked(node: Node, other: str, turn: Turn) -> Node:
    """A placeholder has no node that could take part; nor does it remember its crowd when it is the anchor itself."""
    turn.judged(turn.me, other, node.name, reasons.BLOCKED_VALUE, 0)
    if is_blocked(turn.me):
        return node
    return replace(node, neighbours={**node.neighbours, other: turn.cause.occurred_at})


def _signalled(node: Node | None, event: IdentitySignalled, world: World) -> Step[Node]:
    try:
        signal = opened(event)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return Step(node, (Reject(reasons.MALFORMED, str(error), "body"),))
    node = node or new_node(event.identifier)
    turn = Turn(event.identifier, event, limits_of(world))
    match signal:
        case Seen():
            node = _seen(node, signal, event, turn)
        case Unite(other, part):
            node = unite(node, other, part, turn)
        case Gather(part):
            node = rise(node, part, turn)
        case Named():
            node = named(node, signal, turn)
    return Step(node, tuple(turn.effects))


def _seen(node: Node, signal: Seen, event: IdentitySignalled, turn: Turn) -> Node:
    """Another identifier was seen together with this one: they join, or one of them joins nobody."""
    at, other, flag = event.occurred_at, signal.other, node.flag
    older, known = at < node.first_seen, other in node.neighbours
    node = replace(node, first_seen=min(node.first_seen, at))
    if signal.word is not None:
        word = Word(at, event.source_event_id, signal.word)
        return seen_with(node, signal, Edge(NEVER, "", word), turn)
    if signal.shared:
        node = replace(node, flag=reasons.SHARED_DEVICE)
    node = note(node, other, at, turn.limits.neighbours(type_of(turn.me)))
    if not signal.refused and not node.flag:
        return seen_with(node, signal, Edge(at, event.source_event_id), turn)
    if not signal.refused:
        if not known:
            turn.judged(other, turn.me, signal.name, node.flag, 0)
        if signal.news and signal.root != other:
            turn.signal(signal.root, Gather(Group(0, {other: Member(at, used=True)})), 1)
    return report(node, turn) if older or node.flag != flag else node


def _identified(node: Node | None, event: TouchpointRecorded) -> Emit:
    own = node.name if node is not None and not node.version else person_of(event.anchor)
    name = own if node is None else node.name
    return Emit(TouchpointIdentified(**msgspec.structs.asdict(event), person_id=name, own_person_id=own))


PROCESSOR = Processor(
    name="identity",
    sources=(TOUCHPOINT_RECORDED, IDENTITY_SIGNALLED),
    state=Node,
    step=step,
    merge=merge,
    erase=erase,
)
