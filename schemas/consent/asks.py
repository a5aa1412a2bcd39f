"""Whom to ask: a new purpose, or a new version of a policy, concerns those who have not answered it."""

from collections.abc import Iterable, Mapping

from schemas.brand.consent import Consent
from schemas.consent.choices import Consents
from schemas.consent.permission import choice_at
from schemas.consent.purposes import KEYS, purpose_of


def asks(said: Iterable[Consents], consent: Mapping[str, Consent], at: int) -> tuple[str, ...]:
    """The keys that a person is to be asked about: those of the brand's purposes about which nothing that they said
    counts at the time, and those that they granted under another version of the policy than the brand has now. Who
    withdrew is not asked again because a policy has another version.

    :param said: of each source profile of the person.
    """
    parts, found = tuple(said), []
    for key in KEYS:
        purpose = consent.get(purpose_of(key))
        if purpose is None:
            continue
        counts = [choice for one in parts if (choice := choice_at(one, key, at)) is not None]
        if any(not choice.granted for choice in counts):
            continue
        latest = max(counts, key=lambda choice: choice.rank, default=None)
        if latest is None or (purpose.policy and latest.policy != purpose.policy):
            found.append(key)
    return tuple(found)
