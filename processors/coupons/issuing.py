"""How coupons come to be: codes of ordinals, generated or imported, and who gets them.

What depends on the brand of the moment is transactional; the terms go into the coupon.
"""

from typing import Final

import msgspec

from processors.coupons.actions import FORGET, ISSUE, NUMBER, NUMBERED, TAKEN, VOID, ordinal_key, passed_on, pool_key
from processors.coupons.changes import ISSUED, changed
from processors.coupons.state import NOTHING, Coupon, Held, Ordinal, Owner
from processors.reference import Reference
from processors.step import PURGE, Drop, Effect, Emit, Reject, Step
from schemas.brand.coupon_pools import CouponPool
from schemas.coupons.codes import generated
from schemas.coupons.terms import Terms, expires_at, terms_of
from schemas.events import CouponRequested
from schemas.reasons import DropReason, RejectReason

IMPORTED: Final = "imported"
HANDED_OUT: Final = "handed_out"
"""Reasons of rows: the code came from a file; somebody got a coupon that was imported."""
DUPLICATE: Final = Drop(DropReason.DUPLICATE)
_terms = msgspec.json.Decoder(Terms)


def at_ordinal(held: Held | None, event: CouponRequested, reference: Reference) -> Step[Held]:
    """At the key of an ordinal: issue, taken, numbered, void."""
    known = held.ordinal if held is not None else None
    if event.action == ISSUE:
        return _issued(known, event, reference)
    if event.action == TAKEN:
        return _taken(known, event, reference)
    if event.action == NUMBERED:
        return _numbered(known, event, reference)
    if event.action == FORGET:
        return _forgotten(known, event)
    if event.action == VOID:
        if known is not None and known.code:
            to_code = passed_on(event, known.code, VOID, code=known.code)
            return Step(held, (msgspec.structs.replace(to_code, transactional=True),))
        return _kept(msgspec.structs.replace(known or Ordinal(), void=event.reason or VOID, owner=None))
    return Step(held, (_no_action(event),))


def _forgotten(known: Ordinal | None, event: CouponRequested) -> Step[Held]:
    """Who got the coupon is erased."""
    if known is None or known.owner is None or not known.owner.source_profile_id:
        return Step(_held(known), (DUPLICATE,))
    owner = msgspec.structs.replace(known.owner, person_id="", source_profile_id="")
    to_code = (_sure(passed_on(event, known.code, FORGET, code=known.code)),) if known.code else ()
    return _kept(msgspec.structs.replace(known, owner=owner), *to_code, PURGE)


def _issued(known: Ordinal | None, event: CouponRequested, reference: Reference) -> Step[Held]:
    pool = reference.brand.coupon_pools.get(event.pool)
    if pool is None:
        return Step(_held(known), (Reject(RejectReason.INVALID, f"no pool of coupons {event.pool!r}", "pool"),))
    if known is not None and (known.owner is not None or known.void):
        return Step(_held(known), (DUPLICATE,))
    owner = Owner(
        event.occurred_at,
        event.person_id,
        event.source_profile_id,
        event.rule,
        event.rule_version,
        event.source_event_id,
        event.campaign,
    )
    if pool.codes == IMPORTED:
        after = Ordinal(known.code if known is not None else "", 0, owner)
        return _kept(after, *((_issue(event, after.code, pool, reference),) if after.code else ()))
    return _with_code(Ordinal("", 0, owner), event, pool, reference)


def _taken(known: Ordinal | None, event: CouponRequested, reference: Reference) -> Step[Held]:
    pool = reference.brand.coupon_pools.get(event.pool)
    if known is None or known.code != event.code or known.owner is None or pool is None:
        return Step(_held(known), (DUPLICATE,))
    return _with_code(msgspec.structs.replace(known, attempt=known.attempt + 1), event, pool, reference)


def _with_code(known: Ordinal, event: CouponRequested, pool: CouponPool, reference: Reference) -> Step[Held]:
    if reference.coupon_keys is None:
        return Step(None, (Reject(RejectReason.INVALID, "the deployment has no key of coupon codes", "pool"),))
    assert known.owner is not None
    secret = reference.coupon_keys.at(known.owner.at).secret
    code = generated(secret, pool.id, event.ordinal, pool.prefix, known.attempt)
    after = msgspec.structs.replace(known, code=code)
    return _kept(after, _issue(event, code, pool, reference))


def _numbered(known: Ordinal | None, event: CouponRequested, reference: Reference) -> Step[Held]:
    if known is not None and known.code:
        return Step(_held(known), (DUPLICATE,))
    after = msgspec.structs.replace(known or Ordinal(), code=event.code)
    pool = reference.brand.coupon_pools.get(event.pool)
    if after.void:
        return _kept(after, _sure(passed_on(event, event.code, VOID, reason=after.void)))
    if after.owner is None or pool is None:
        return _kept(after)
    owner = msgspec.structs.asdict(after.owner)
    for_owner = msgspec.structs.replace(event, occurred_at=owner.pop("at"), **owner)
    return _kept(after, _issue(for_owner, event.code, pool, reference))


def _issue(event: CouponRequested, code: str, pool: CouponPool, reference: Reference) -> Emit:
    """Brings the coupon with its terms to the key of its code."""
    terms = terms_of(pool, reference.brand.about.currency)
    until = event.expires_at or expires_at(pool, event.occurred_at)
    written = msgspec.json.encode(terms).decode()
    return _sure(passed_on(event, code, ISSUE, code=code, terms=written, expires_at=until))


def numbered(held: Held | None, event: CouponRequested) -> Step[Held]:
    """At the key of a pool: an imported code gets the next ordinal. It asks once: both is transactional."""
    ordinal = held.numbered if held is not None else 0
    after = msgspec.structs.replace(held or NOTHING, numbered=ordinal + 1)
    to_code = _sure(passed_on(event, event.code, NUMBERED, ordinal=ordinal))
    to_ordinal = _sure(passed_on(event, ordinal_key(event.pool, ordinal), NUMBERED, ordinal=ordinal))
    return Step(after, (to_code, to_ordinal))


def imported(held: Held | None, event: CouponRequested, reference: Reference) -> Step[Held]:
    """At the key of a code: it is one of a file."""
    known = held.coupon if held is not None else None
    if known is not None:
        if known.pool == event.pool:
            return Step(held, (DUPLICATE,))
        detail = f"the code is one of {known.pool} already"
        return Step(held, (Reject(RejectReason.CONFLICT, detail, "code"),))
    pool = reference.brand.coupon_pools.get(event.pool)
    if pool is None or pool.codes != IMPORTED:
        detail = f"{event.pool!r} is no pool of imported codes"
        return Step(held, (Reject(RejectReason.INVALID, detail, "pool"),))
    until = event.expires_at or expires_at(pool, event.occurred_at)
    coupon = Coupon(event.key, pool.id, -1, ISSUED, 0, terms_of(pool, reference.brand.about.currency), until)
    return Step(Held(coupon), (_sure(passed_on(event, pool_key(pool.id), NUMBER, code=event.key)),))


def got_number(coupon: Coupon, event: CouponRequested) -> Step[Held]:
    """At the key of a code: it has its ordinal."""
    if coupon.ordinal >= 0:
        return Step(Held(coupon), (DUPLICATE,))
    after = msgspec.structs.replace(coupon, ordinal=event.ordinal, version=coupon.version + 1)
    return Step(Held(after), (_sure(changed(after, event.occurred_at, IMPORTED, IMPORTED)),))


def issued(held: Held | None, event: CouponRequested) -> Step[Held]:
    """At the key of a code: somebody gets the coupon."""
    known = held.coupon if held is not None else None
    if known is None:
        new = Coupon(event.key, event.pool, event.ordinal, ISSUED, 1, _terms.decode(event.terms))
        after, reason = _owned(new, event), ""
    elif (known.pool, known.ordinal) != (event.pool, event.ordinal):
        taken = passed_on(event, ordinal_key(event.pool, event.ordinal), TAKEN, attempt=event.attempt + 1, terms="")
        return Step(held, (_sure(taken),))
    elif known.rule or known.source_event_id or not (event.rule or event.source_event_id):
        return Step(held, (DUPLICATE,))
    else:
        after, reason = _owned(msgspec.structs.replace(known, version=known.version + 1), event), HANDED_OUT
    return Step(Held(after), (changed(after, event.occurred_at, event.source_event_id, reason),))


def _owned(coupon: Coupon, event: CouponRequested) -> Coupon:
    return msgspec.structs.replace(
        coupon,
        expires_at=event.expires_at,
        person_id=event.person_id,
        source_profile_id=event.source_profile_id,
        rule=event.rule,
        rule_version=event.rule_version,
        source_event_id=event.source_event_id,
        campaign=event.campaign,
    )


def _sure(emit: Emit) -> Emit:
    """The effect, transactional."""
    return msgspec.structs.replace(emit, transactional=True)


def _held(known: Ordinal | None) -> Held | None:
    return Held(ordinal=known) if known is not None else None


def _kept(ordinal: Ordinal, *effects: Effect) -> Step[Held]:
    return Step(Held(ordinal=ordinal), effects)


def _no_action(event: CouponRequested) -> Reject:
    return Reject(RejectReason.INVALID, f"no action {event.action!r} at this key", "action")
