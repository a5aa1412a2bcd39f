"""Answers `footpath why`: the story of an event, once more where that is asked for, and the events of a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from clickhouse_connect.driver.client import Client

from deploy.operate.identity.identifier_input import IdentifierInput, stored_identifier
from deploy.operate.identity.people import People
from deploy.operate.why.brand_versions import BrandVersions
from deploy.operate.why.lookup import unknown_event
from deploy.operate.why.read_story import read_story
from deploy.operate.why.recomputation import Recomputation, Scan, compare
from deploy.operate.why.stored import NOBODY, Stored
from deploy.operate.why.story import Comparison, Ending, Story
from schemas.brand.model import Brand
from schemas.identifiers.dead import DeadIdentifiers
from schemas.process.errors import OperatorError


class Erased(OperatorError):
    """Somebody who was erased."""


@dataclass(frozen=True, slots=True)
class Under:
    """Which recomputation is wanted: under the version that decided, or under another brand."""

    recompute: bool = False
    other: Brand | None = None


def story_of(client: Client, event_id: str, under: Under) -> Story:
    """The story of an event. :raises UnknownEvent: no table knows it."""
    stored = Stored(client)
    story = read_story(stored, event_id)
    if story is None:
        raise unknown_event(stored, event_id)
    if story.routed is None or not (under.recompute or under.other):
        return story
    comparison = _recomputed(stored, story, under)
    ending = story.ending if comparison.same or comparison.impossible else Ending.DIFFERS
    return msgspec.structs.replace(story, recomputed=comparison, ending=ending)


def stories_of(
    client: Client, kind: str, value: str, last: int, environ: Mapping[str, str], under: Under
) -> list[Story]:
    """The stories of the latest events of a person, the newest first.

    :raises Erased: the person was erased. :raises OperatorError: nobody has the identifier, or it is none.
    """
    stored, people = Stored(client), People(client)
    erased = DeadIdentifiers(
        {row["identifier"]: row["at"] for row in stored.ask(
            "SELECT identifier, min(toUnixTimestamp64Micro(occurred_at)) AS at FROM profile_erased GROUP BY identifier"
        )}
    )  # fmt: skip
    given = IdentifierInput(kind, value)
    identifier = stored_identifier(given, environ, people.country(), DeadIdentifiers())
    was_erased = identifier in erased
    if was_erased and not given.hash:
        identifier = stored_identifier(given, environ, people.country(), erased)
    try:
        person = people.person_with(identifier)
    except OperatorError:
        if was_erased:
            raise Erased(f"the person with this {kind} was erased, and has not come back: nothing is stored") from None
        raise
    ids = _latest(stored, person, last)
    return [story for one in ids if (story := story_of(client, one, under))]


def _latest(stored: Stored, person: str, last: int) -> Sequence[str]:
    rows = stored.ask(
        "SELECT if(namespace = '', event_id, concat(namespace, '/', event_id)) AS event "
        "FROM touchpoint_identified FINAL WHERE toString(if(source_profile_id = {nobody:UUID}, person_id, "
        "source_profile_id)) IN {profiles:Array(String)} ORDER BY occurred_at DESC, event LIMIT {last:UInt32}",
        profiles=stored.profiles(person),
        nobody=NOBODY,
        last=last,
    )
    return [row["event"] for row in rows]


def _recomputed(stored: Stored, story: Story, under: Under) -> Comparison:
    assert story.routed is not None and story.recorded is not None
    routed, recorded = story.routed, story.recorded
    scan = Scan(
        story.recognised.person_id if story.recognised else "",
        recorded.occurred_at,
        recorded.campaign,
        bytes(routed.inputs).decode(),
    )
    fields = msgspec.structs.asdict(routed) | {"inputs": scan.inputs}
    if under.other is not None:
        new = Recomputation(under.other, other=True).answer(scan)
        return compare(fields, new, "the code of today, with the other configuration", under.other.version)
    versions = BrandVersions.read(stored)
    brand, by = versions.of(routed.brand_version, recorded.occurred_at), "the code of today, with its own configuration"
    if brand is None:
        brand = versions.live()
        by = f"the code of today, with the present configuration ({routed.brand_version} cannot be put together)"
    if brand is None:
        return Comparison(
            by="the code of today", impossible="ClickHouse has no whole configuration (yet) that this release can read"
        )
    return compare(fields, Recomputation(brand, other=False).answer(scan), by, brand.version)
