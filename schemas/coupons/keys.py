"""The file of the keys of coupon codes, which workers of coupons share.

A line has the id of a key, its 32 bytes as hex digits and ``from=`` with the time (UTC) from which on it counts; the
first may say none. The key of a code is that of the time at which it is earned, so a replay gives the same codes after
a rotation. Codes that were issued stay as they are.
"""

import re
from datetime import UTC, datetime
from typing import Final

import msgspec

_LINE: Final = re.compile(r"([a-z0-9]{1,8}) +([0-9a-f]{64})(?: +from=([0-9T:-]{19})Z)?")


class CouponKey(msgspec.Struct, frozen=True):
    """A key; ``since`` in microseconds since 1970 UTC."""

    id: str
    secret: bytes
    since: int = 0


class CouponKeys(msgspec.Struct, frozen=True):
    """The keys, the earliest first; at least one."""

    keys: tuple[CouponKey, ...]

    def at(self, moment: int) -> CouponKey:
        """The key that counts at a time (microseconds)."""
        return next((key for key in reversed(self.keys) if key.since <= moment), self.keys[0])


def read_coupon_keys(text: str) -> CouponKeys:
    """Blank lines and comments (#) are ignored. :raises ValueError: a line of another form, an id twice, or no key."""
    keys: dict[str, CouponKey] = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None or found[1] in keys:
            raise ValueError
        since = datetime.fromisoformat(found[3]).replace(tzinfo=UTC) if found[3] else None
        keys[found[1]] = CouponKey(
            found[1], bytes.fromhex(found[2]), int(since.timestamp()) * 1_000_000 if since is not None else 0
        )
    if not keys:
        raise ValueError
    return CouponKeys(tuple(sorted(keys.values(), key=lambda key: key.since)))


def written_coupon_keys(keys: CouponKeys) -> str:
    """The text of a file with these keys."""
    lines = []
    for key in keys.keys:
        since = datetime.fromtimestamp(key.since // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        lines.append(f"{key.id} {key.secret.hex()}" + (f" from={since}Z\n" if key.since else "\n"))
    return "".join(lines)
