"""A story as an outline: a text for each thing, with what belongs to it below."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from deploy.operate.identity.identifier_input import as_argument
from deploy.operate.why.stored import NOBODY
from deploy.operate.why.story import (
    Candidate,
    Change,
    Comparison,
    Edge,
    Entry,
    Recognised,
    Recorded,
    Rejected,
    Routed,
    Said,
    Story,
)
from schemas.reasons import MissReason, RejectReason

INPUTS_LEFT_OUT = ("type", "tag", "store", "product", "placement", "questions")
"""Inputs that the event itself shows, and the questions, which are shown as a decision."""


class Node(NamedTuple):
    """A text, what is below it, and whether it is about something that went wrong."""

    text: str
    below: Sequence["Node"] = ()
    wrong: bool = False


def outline(story: Story) -> Node:
    """The whole story."""
    below = []
    if story.recorded is not None:
        below.append(_recorded(story.recorded))
    if story.recognised is not None:
        below.append(_recognised(story.recognised, story.nobody))
    if story.consent:
        below.append(Node("consent stated by then, by all that the person is now", [*map(_said, story.consent)]))
    if story.routed is not None:
        below.append(_inputs(story.routed))
    below += _answered(story)
    if story.routed is not None:
        below += asked(story.routed)
    if story.recorded is not None:
        below.append(_paid(story.entries))
    below += [_rejected(one) for one in story.rejects]
    if story.waits_for:
        steps = " and ".join(story.waits_for)
        text = f"not stored (yet): {steps}. A step takes milliseconds, its row a second; if it stays away, see the lag"
        below.append(Node(text, wrong=True))
    if story.times:
        times = [Node(f"{moment(one.at)}  {took(one.after_ms)}  {one.step}") for one in story.times]
        below.append(Node("times", times))
    if story.recomputed is not None:
        below.append(outline_comparison(story.recomputed))
    kind = story.recorded.type if story.recorded else "rejected event"
    return Node(f"{kind} {story.event_id}", below)


def outline_brief(story: Story) -> Node:
    """What happened and what came of it, without how."""
    if story.recorded is None:
        return outline(story)
    one = story.recorded
    place = " ".join(filter(None, (one.tag, one.store)))
    below = [Node(node.text, wrong=node.wrong) for node in (*_answered(story), _paid(story.entries))]
    if story.recomputed is not None:
        below.append(outline_comparison(story.recomputed))
    return Node(f"{moment(one.occurred_at)} {one.type} {story.event_id}{f' {place}' if place else ''}", below)


def moment(at: datetime) -> str:
    """A time (UTC) to the millisecond."""
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def took(ms: float) -> str:
    """How long something took, with its sign."""
    if abs(ms) < 10_000:
        return f"{ms:+,.0f} ms"
    for unit, of_ms, most in (("s", 1000, 600), ("min", 60_000, 600), ("h", 3_600_000, 72)):
        if abs(ms) < of_ms * most:
            return f"{ms / of_ms:+,.0f} {unit}"
    return f"{ms / 86_400_000:+,.0f} days"


def _recorded(one: Recorded) -> Node:
    sender = "a phone that followed a tag" if one.source == "scan" else f"key {one.source}"
    below = [Node(", ".join(f"{name} {value}" for name, value in _place(one)) or "no place, tag or product")]
    if one.amount is not None:
        below.append(Node(f"amount {one.amount} {one.currency}"))
    if one.related_event_id:
        below.append(Node(f"refers to {one.related_event_id}"))
    if one.revision:
        below.append(Node(f"its sender completed the identifiers {one.revision} times"))
    if one.properties not in ("", "{}"):
        below.append(Node(f"properties {one.properties}"))
    if one.trust is not None:
        reasons = f": {', '.join(one.trust_reasons)}" if one.trust_reasons else ""
        below.append(Node(f"trust {one.trust} of 100{reasons}"))
    return Node(f"recorded {moment(one.occurred_at)} by {sender}", below)


def _place(one: Recorded) -> Iterator[tuple[str, str]]:
    for name in ("store", "zone", "tag", "placement", "product", "campaign", "channel", "language"):
        if value := getattr(one, name):
            yield name, value


def _recognised(one: Recognised, nobody: str) -> Node:
    if nobody:
        return Node(f"recognised: {nobody}")
    below = [Node(f"by {as_argument(one.primary_identifier)}")]
    if one.edges:
        more = _of(len(one.edges), one.edges_in_all)
        below.append(Node(f"edges between identifiers{more}", [_edge(edge) for edge in one.edges]))
    else:
        below.append(Node("no event has brought it together with another identifier"))
    if one.changes:
        more = _of(len(one.changes), one.changes_in_all)
        below.append(Node(f"changes of the person{more}", [_change(change) for change in one.changes]))
    if one.person_now != one.person_id:
        below.append(Node(f"since then the source profile belongs to person {one.person_now}"))
    return Node(f"recognised as person {one.person_id}", below)


def _of(shown: int, in_all: int) -> str:
    return f", the latest {shown} of {in_all}" if in_all > shown else ""


def _edge(edge: Edge) -> Node:
    status = f"{edge.status} ({edge.reason})" if edge.reason else edge.status
    ends = f"{as_argument(edge.identifier)} and {as_argument(edge.other_identifier)}"
    return Node(f"{status} {edge.occurred_at:%Y-%m-%d %H:%M:%S}: {ends}, by event {edge.decided_by_event_id}")


def _change(change: Change) -> Node:
    into = f" into {change.into_person_id}" if change.into_person_id != NOBODY else ""
    profile = f" (source profile {change.source_profile_id})" if change.source_profile_id != change.person_id else ""
    at = f"{change.occurred_at:%Y-%m-%d %H:%M:%S}"
    return Node(f"{change.change} {at}: {change.person_id}{into}{profile}, by event {change.source_event_id}")


def _said(one: Said) -> Node:
    about = f"{one.purpose}/{one.channel}".strip("/") or "nothing"
    what = one.after if one.kind == "choice" else f"{one.kind} {one.after}".strip()
    policy = f", policy {one.policy_version}" if one.policy_version else ""
    by = f", by event {one.source_event_id}" if one.source_event_id else ""
    return Node(f"{about} {what} {one.occurred_at:%Y-%m-%d %H:%M:%S}{policy}{by}")


def _answered(story: Story) -> Iterator[Node]:
    if story.routed is not None:
        yield _decided(story.routed)
    elif story.no_decision:
        yield Node(f"not decided: {story.no_decision}")
    if story.missed is not None:
        late: dict[str, str] = {
            MissReason.LATE: f"no decision within {story.missed.waited_ms:,.0f} ms",
            MissReason.UNAVAILABLE: "Kafka was away, the scan was spooled",
        }
        why = late.get(story.missed.reason, story.missed.reason)
        yield Node(f"answered: the tag's fallback, {story.missed.destination} ({why})", wrong=True)
    elif story.routed is not None:
        if story.routed.waited:
            yield _action("answered", story.routed)
        else:
            yield Node("answered: no gateway waited for this decision")


def _inputs(routed: Routed) -> Node:
    inputs = msgspec.json.decode(routed.inputs)
    if not inputs:
        return Node("inputs are not stored: of nobody, or removed by retention")
    below = [Node(f"{name}: {_value(value)}") for name, value in inputs.items() if name not in INPUTS_LEFT_OUT]
    return Node("inputs of the decision", below)


def asked(routed: Routed) -> Iterator[Node]:
    """The question of the page, and why each other one lost; nothing where none could be asked."""
    questions = msgspec.json.decode(routed.inputs).get("questions") or ()
    below = [
        Node(
            f"{one['worth']:g} {one['question']} = {one['value']:g} x {one['probability']:g} x {one['left']:g}: "
            f"{one.get('lost_because') or 'asked'}"
        )
        for one in questions
    ]
    if below:
        name = next((one["question"] for one in questions if not one.get("lost_because")), "nothing")
        yield Node(f"asked: {name} (worth = value x probability of an answer x information left)", below)


def _value(value: object) -> str:
    if value is None:
        return "unknown"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _decided(routed: Routed) -> Node:
    below = [_candidate(one) for one in routed.candidates] or [Node("the brand had no routes")]
    return Node(f"decided: {routed.route} ({routed.moment}), brand version {routed.brand_version}", below)


def _candidate(one: Candidate) -> Node:
    return Node(f"{one.priority} {one.route}: {one.lost_because or 'won'}")


def _action(verb: str, routed: Routed) -> Node:
    texts = [Node(f"{name}: {text}") for name in ("title", "text", "label") if (text := getattr(routed, name))]
    if routed.content not in ("", "{}"):
        texts.append(Node(f"content: {routed.content}"))
    return Node(f"{verb}: {routed.action} to {routed.destination}", texts)


def _paid(entries: Sequence[Entry]) -> Node:
    if not entries:
        return Node("paid: no entry of the ledger")
    below = [_entry(one) for one in entries]
    return Node(f"paid: {sum(one.points for one in entries):,} points", below)


def _entry(one: Entry) -> Node:
    reverses = f", reverses {one.reverses_event_id} because of event {one.source_event_id}"
    text = f"{one.points:+,} {one.kind} by rule {one.rule} (version {one.rule_version})"
    return Node(text + (reverses if one.reverses_event_id else ""))


def _rejected(one: Rejected) -> Node:
    if one.reason == RejectReason.CONFLICT:
        text = "another event under this id was refused: the first one counts"
    else:
        text = f"rejected by {one.stage}: {one.reason}"
    below = [Node(f"{one.field}: {one.detail}".removeprefix(": ") or "no detail")]
    below.append(Node(f"replayed: {one.replayed}" if one.replayed else f"waits as reject {one.event_id}"))
    return Node(f"{text} ({moment(one.occurred_at)})", below, wrong=True)


def outline_comparison(one: Comparison) -> Node:
    """What a recomputation of the decision says."""
    under = f"{one.by}{f', version {one.brand_version}' if one.brand_version else ''}"
    notes = [Node(note) for note in one.notes]
    if one.impossible:
        return Node(f"recomputed by {under}: cannot be said, {one.impossible}", notes, wrong=True)
    if one.same:
        return Node(f"recomputed by {under}: the same answer", notes)
    below = [Node(one.field, [Node(f"was {one.was}"), Node(f"now {one.now}")]) for one in one.differences]
    return Node(f"recomputed by {under}: another answer", [*notes, *below], wrong=True)


def printable(text: str) -> str:
    """The text without what would steer a terminal: part of it comes from strangers."""
    return text if text.isprintable() else "".join(char if char.isprintable() else "�" for char in text)


def lines(node: Node, depth: int = 0) -> Iterable[str]:
    """The outline as lines, two blanks for each level."""
    yield f"{'  ' * depth}{printable(node.text)}"
    for one in node.below:
        yield from lines(one, depth + 1)
