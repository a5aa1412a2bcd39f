"""What a person may be done with now, and everything that they said, as ClickHouse has it."""

import time
from typing import Any

import msgspec
from clickhouse_connect.driver.client import Client

from schemas.brand.consent import Consent
from schemas.consent.asks import asks
from schemas.consent.choices import NOTHING_SAID, Choice, Consents
from schemas.consent.permission import permission
from schemas.consent.purposes import KEYS
from schemas.ids import hash64

ZERO = "toUUID('00000000-0000-0000-0000-000000000000')"
SAID = f"""
SELECT
    toString(said.source_profile_id), said.purpose, said.channel, said.kind, said.after,
    toUnixTimestamp64Micro(said.occurred_at), toString(said.occurred_at), toUnixTimestamp64Micro(said.expires_at),
    said.policy_version, said.jurisdiction, said.source, said.store, said.proof, said.source_event_id
FROM (SELECT * FROM consent_changed FINAL) AS said
LEFT JOIN person_now AS now ON now.person_id = said.source_profile_id
WHERE coalesce(nullIf(now.current_person_id, {ZERO}), said.source_profile_id) = {{person:UUID}}
ORDER BY said.occurred_at, said.event_id
"""
PURPOSES = """
SELECT argMax(body, _version) AS live FROM brand_configured WHERE kind = 'consent' GROUP BY id HAVING live != ''
"""


class Said(msgspec.Struct, frozen=True):
    """One purpose, or channel, of one statement; times are UTC."""

    purpose: str
    channel: str
    kind: str
    after: str
    occurred_at: str
    policy_version: str
    jurisdiction: str
    source: str
    store: str
    proof: str
    source_event_id: str


class Use(msgspec.Struct, frozen=True):
    """Whether a purpose, or a channel of marketing, is allowed now, and why; ``conflicting`` where the browser says
    otherwise; ``is_asked``: the person is to be asked."""

    purpose: str
    allowed: bool
    why: str
    conflicting: bool
    is_asked: bool


class PersonConsent(msgspec.Struct, frozen=True):
    """``jurisdiction`` is that of the brand, whose defaults count where nothing was said (stores may have others)."""

    person_id: str
    jurisdiction: str
    uses: list[Use]
    said: list[Said]


def consent_of(client: Client, person_id: str, country: str) -> PersonConsent:
    """The consent of a current person; blocks. The same function decides as in the stream."""
    rows = client.query(SAID, parameters={"person": person_id}).result_rows
    rules = {one.id: one for one in (_purpose(body) for (body,) in client.query(PURPOSES).result_rows)}
    consents = _consents(rows)
    now = time.time_ns() // 1000
    asked = set(asks(consents, rules, now))
    uses = []
    for key in KEYS:
        found = permission(consents, key, now, rules, country)
        uses.append(Use(key, found.allowed, found.why, found.conflicting, key in asked))
    return PersonConsent(
        person_id, country, uses, [Said(row[1], row[2], row[3], row[4], row[6], *row[8:]) for row in rows]
    )


def _purpose(body: str) -> Consent:
    return msgspec.json.decode(body, type=Consent)


def _consents(rows: Any) -> list[Consents]:
    known: dict[str, Consents] = {}
    for profile, purpose, channel, kind, after, at, _, expires_at, policy, *_, source_event_id in rows:
        before = known.get(profile, NOTHING_SAID)
        if kind == "gpc":
            known[profile] = before.with_gpc(at)
        elif kind == "choice":
            key = f"{purpose}/{channel}" if channel else purpose
            choice = Choice(at, after == "granted", hash64(source_event_id), max(0, expires_at), policy)
            known[profile] = before.with_choice((key,), choice)
    return list(known.values())
