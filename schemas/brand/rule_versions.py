"""What a brand said of its rewards before: a change of a rule never re-prices what happened.

`footpath brand apply` keeps the versions of a rule that another one replaced beside it, each with the time until which
it held, and a rule that is gone with the time of its end. Late events and rebuilt states find them there. Neither
counts for the version of the brand, which follows from its files alone.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from schemas.brand.item import Mistake
from schemas.brand.model import Brand, Reward

VERSIONS_KEPT: Final = 50
"""The latest earlier versions of a rule."""
replace = msgspec.structs.replace


def with_earlier_rules(brand: Brand, before: Brand | None, at: int) -> Brand:
    """The brand as it is published at a time (microseconds): with what the one that was live said of its rules."""
    if before is None:
        return brand
    known = {rule.id: rule for rule in before.rewards}
    rules = [_with_earlier(rule, known.get(rule.id), at) for rule in brand.rewards]
    present = {rule.id for rule in rules}
    rules += [replace(rule, until=rule.until or at) for rule in before.rewards if rule.id not in present]
    return replace(brand, rewards=tuple(sorted(rules, key=lambda rule: rule.precedence())))


def without_earlier_rules(brand: Brand) -> Brand:
    """The brand as its files say it."""
    rules = (replace(rule, earlier=()) for rule in brand.rewards if not rule.is_past)
    return replace(brand, rewards=tuple(rules))


def changes_without_version(brand: Brand, before: Brand | None) -> Iterator[tuple[str, Mistake]]:
    """Rules, by their id, that say something else than in the brand before, without a higher version."""
    known = {rule.id: rule for rule in before.rewards} if before is not None else {}
    for rule in brand.rewards:
        was = known.get(rule.id)
        if was is None or rule.version > was.version or (not was.is_past and _same(rule, was)):
            continue
        says = "is changed" if rule.version == was.version else f"goes back from {was.version}"
        yield (
            rule.id,
            (
                "version",
                f"{rule.version} {says}: count it up to {was.version + 1}, so that what happened before keeps the "
                "terms of its day",
            ),
        )


def _with_earlier(rule: Reward, was: Reward | None, at: int) -> Reward:
    if was is None:
        return rule
    if was.version == rule.version and not was.is_past:
        return replace(rule, earlier=was.earlier)
    last = replace(was, earlier=(), until=was.until or at)
    return replace(rule, earlier=(*was.earlier, last)[-VERSIONS_KEPT:])


def _same(rule: Reward, was: Reward) -> bool:
    return replace(rule, earlier=(), until=0) == replace(was, earlier=(), until=0)
