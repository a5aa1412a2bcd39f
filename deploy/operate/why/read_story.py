"""Reads the story of an event, and says of what is missing why it is."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from deploy.operate.why.stored import NOBODY, Stored
from deploy.operate.why.story import Ending, Missed, Recognised, Recorded, Routed, Step, Story
from schemas.brand.routes import ANSWERED

COUNTED = "their person allows no analytics, or was erased before: the rows count and name nobody"
ERASED = "their person was erased: what they did stays as a count, of nobody"
NO_TAG = "the scan names no tag"
UNKNOWN_TAG = "the link means no tag of the brand: a phone gets the brand's fallback, and nothing is decided"


def read_story(stored: Stored, event_id: str) -> Story | None:
    """The story of an event by its id, with the namespace of its sender; None when no table knows it."""
    recorded = stored.recorded(event_id) or stored.recorded(event_id, "touchpoint_identified")
    rejects = stored.rejects(event_id)
    if recorded is None:
        return Story(event_id=event_id, ending=Ending.REJECTED, rejects=rejects) if rejects else None
    recognised, routed, missed = stored.recognised(event_id), stored.routed(event_id), stored.missed(event_id)
    nobody = _nobody(recorded, recognised)
    consent = []
    if recognised is not None and not nobody:
        profiles = stored.profiles(recognised.person_now)
        edges, edges_in_all = stored.edges(profiles, recorded.identifiers)
        changes, changes_in_all = stored.changes(profiles)
        recognised = msgspec.structs.replace(
            recognised, edges=edges, edges_in_all=edges_in_all, changes=changes, changes_in_all=changes_in_all
        )
        consent = stored.said(profiles, recorded.occurred_at)
    no_decision = _no_decision(recorded)
    waits_for = ["identified"] if recognised is None else []
    if routed is None and not no_decision:
        waits_for.append("routed")
    return Story(
        event_id=event_id,
        ending=Ending.ERASED if nobody == ERASED else Ending.NOT_STORED if waits_for else Ending.TOLD,
        recorded=recorded,
        recognised=recognised,
        consent=consent,
        routed=routed,
        missed=missed,
        entries=(entries := stored.entries(event_id)),
        rejects=rejects,
        nobody=nobody,
        waits_for=waits_for,
        no_decision="" if routed else no_decision,
        times=list(_times(recorded, recognised, routed, missed, [entry.stored_at for entry in entries])),
    )


def _nobody(recorded: Recorded, recognised: Recognised | None) -> str:
    if recognised is None:
        return ""
    if recognised.person_id == NOBODY:
        return COUNTED
    # An erasure puts an anonymous person in place, and leaves no identifier.
    return ERASED if not recognised.primary_identifier and not recorded.identifiers else ""


def _no_decision(recorded: Recorded) -> str:
    if recorded.type not in ANSWERED:
        return f"events of type {recorded.type} get no answer: {' and '.join(ANSWERED)} do"
    if not recorded.tag:
        return NO_TAG
    return "" if recorded.placement else UNKNOWN_TAG


def _times(
    recorded: Recorded,
    recognised: Recognised | None,
    routed: Routed | None,
    missed: Missed | None,
    posted: list[datetime],
) -> Iterator[Step]:
    """The times in order, from the event on. Kafka's own are in no table: a step shows when its row was inserted."""
    moments = [("recorded, row inserted", recorded.stored_at)]
    moments += [("identified, row inserted", recognised.stored_at)] if recognised else []
    moments += [("routed, row inserted", routed.stored_at)] if routed else []
    moments += [("missed, row inserted", missed.stored_at)] if missed else []
    moments += [("posted, row inserted", min(posted))] if posted else []
    before = recorded.occurred_at
    for step, at in [
        ("occurred", recorded.occurred_at),
        ("received", recorded.received_at),
        *sorted(moments, key=lambda moment: moment[1]),
    ]:
        yield Step(step, at, (at - before).total_seconds() * 1000)
        before = at
