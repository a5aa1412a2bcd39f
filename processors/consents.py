"""Consent as the by-person processors use it: each keeps in its parts what was said of the purposes that it needs, and
asks as of the time of the event. One piece for all of them."""

from collections.abc import Sequence

from processors.reference import Reference
from schemas.brand.consent import jurisdiction_of
from schemas.consent.choices import Consents
from schemas.consent.permission import Permission, by_choice, permission
from schemas.consent.purposes import ANALYTICS, IDENTITY
from schemas.events import TouchpointRecorded


def place_of(event: TouchpointRecorded, reference: Reference) -> str:
    """The jurisdiction of an event, remembered by store."""
    key = ("jurisdiction", event.store)
    place: str | None = reference.memo.get(key)
    if place is None:
        brand = reference.brand
        place = jurisdiction_of(event.store, brand.stores, brand.about.country)
        if event.store in brand.stores:  # other names are the senders' own, as many as they like
            reference.memo[key] = place
    return place


def permitted(said: Sequence[Consents], key: str, event: TouchpointRecorded, reference: Reference) -> Permission | None:
    """Whether the event's person allows a use at the event's time; None where nobody said anything and the brand says
    nothing of the purpose, so that there is nothing to explain.

    :param said: of each source profile of the person that said anything.
    """
    if len(said) == 1 and (chosen := by_choice(said[0], key, event.occurred_at)) is not None:
        return chosen
    rules = reference.brand.consent
    if said:
        return permission(said, key, event.occurred_at, rules, place_of(event, reference))
    if key not in rules:
        return None
    silent: Permission | None = reference.memo.get(("silent", key, event.store))
    if silent is None:
        silent = permission((), key, 0, rules, place_of(event, reference))
        if event.store in reference.brand.stores:
            reference.memo["silent", key, event.store] = silent
    return silent


def agrees_at(said: Sequence[Consents], at: int, reference: Reference) -> bool:
    """Whether a person agrees to be recognised at a time without an event, in the brand's own country."""
    rules, brand = reference.brand.consent, reference.brand
    if not said and IDENTITY not in rules:
        return True
    return permission(said, IDENTITY, at, rules, jurisdiction_of("", brand.stores, brand.about.country)).allowed


def counts_only(said: Sequence[Consents], event: TouchpointRecorded, reference: Reference) -> bool:
    """Whether the event's person does not agree to analytics at its time. :param said: as in :func:`permitted`."""
    if ANALYTICS not in reference.brand.consent and not any(ANALYTICS in one.choices for one in said):
        return False
    return is_refused(said, ANALYTICS, event, reference)


def is_refused(said: Sequence[Consents], key: str, event: TouchpointRecorded, reference: Reference) -> bool:
    """Whether the event's person does not allow a use at its time. :param said: as in :func:`permitted`."""
    permission = permitted(said, key, event, reference)
    return permission is not None and not permission.allowed
