"""Reference data: what cores may read besides their state, the brand's configuration and the live stock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.brand.model import Brand
from schemas.coupons.keys import CouponKeys
from schemas.events import CapacityReported


@dataclass(frozen=True, slots=True)
class Reference:
    """The reference data of one moment, passed to every step. A processor declares what it reads of it in
    ``Processor.reference``.

    ``stock`` gives the units on hand by (store, sku), ``capacity`` the last report of a store by service. ``memo``
    caches results of pure functions of the brand; a new brand comes with a new, empty memo. ``coupon_keys`` make coupon
    codes; None where the process has none.
    """

    brand: Brand
    stock: Mapping[tuple[str, str], int] = field(default_factory=dict)
    memo: dict[Any, Any] = field(default_factory=dict, compare=False)
    capacity: Mapping[str, Mapping[str, CapacityReported]] = field(default_factory=dict)
    coupon_keys: CouponKeys | None = None
