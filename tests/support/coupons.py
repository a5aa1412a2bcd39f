"""Coupons without Kafka: tills, imports, grants and returns, with every message between keys delivered in order."""

import json
from dataclasses import dataclass, field
from typing import Any

import msgspec

from processors.coupons.core import PROCESSOR
from processors.reference import Reference
from processors.shell.apply import apply_due, apply_event, wakes_at
from processors.shell.state.records import StateRecord, StateRecordCodec
from processors.step import Drop, Emit, Reject
from schemas.brand.coupon_pools import CouponPool
from schemas.coupons.basket import Basket, Line, written_basket
from schemas.coupons.codes import normalised
from schemas.coupons.keys import CouponKey, CouponKeys
from schemas.events import CouponAnswered, CouponChanged, CouponRequested, Event
from schemas.topics import COUPON_REQUESTED
from tests.support.reference import reference

NOON = 1_772_452_800_000_000
"""2026-03-02 12:00 UTC, in microseconds; a Monday."""
MINUTE, DAY = 60 * 1_000_000, 86_400 * 1_000_000
KEYS = CouponKeys((CouponKey("one", bytes(32)),))


def pools_of(*pools: CouponPool) -> Reference:
    """Reference data with these pools."""
    where = reference()
    brand = msgspec.structs.replace(where.brand, coupon_pools={pool.id: pool for pool in pools})
    return Reference(brand, coupon_keys=KEYS)


def basket(total: str, *lines: tuple[str, str], id: str = "", currency: str = "EUR", **fields: Any) -> Basket:
    """A basket; a line has a SKU and its amount."""
    categories = {"KB-1": "coffee", "KB-2": "tea"}
    found = tuple(Line(sku, 1_000_000, round(float(amount) * 1e6), categories.get(sku, "")) for sku, amount in lines)
    named = {"id": f"tills/{id}"} if id else {}
    return Basket(currency=currency, total=round(float(total) * 1e6), lines=found, **named, **fields)


@dataclass
class Coupons:
    """``now`` is the gateways' clock in microseconds. ``log`` has every record in the order of its partition."""

    where: Reference
    now: int = NOON
    records: dict[str, StateRecord] = field(default_factory=dict)
    log: list[CouponRequested] = field(default_factory=list)
    changes: dict[str, CouponChanged] = field(default_factory=dict)
    answers: dict[str, CouponAnswered] = field(default_factory=dict)
    rejects: list[str] = field(default_factory=list)
    drops: list[str] = field(default_factory=list)
    asked: int = 0

    def __post_init__(self) -> None:
        self._codec = StateRecordCodec.of(PROCESSOR)
        self.queue: list[CouponRequested] = []
        self._led_to: tuple[Event, ...] = ()
        self.first: list[tuple[Event, ...]] = []
        """What the latest record led to, and what each of the log did at first."""
        self.committed: tuple[dict[str, StateRecord], int] = ({}, 0)

    def send(self, key: str, action: str, /, **fields: Any) -> None:
        """A record from outside; `deliver` has it applied."""
        self.asked += 1
        at = fields.pop("occurred_at", self.now)
        self.queue.append(
            CouponRequested(event_id=f"asked-{self.asked}", occurred_at=at, key=key, action=action, **fields)
        )

    def deliver(self, one: int = 0) -> None:
        """Applies what waits, and all that follows. :param one: which of the waiting comes first."""
        while self.queue:
            self.apply(self.queue.pop(min(one, len(self.queue) - 1)))

    def apply(self, event: CouponRequested, again: bool = False) -> None:
        """Applies one record."""
        key = COUPON_REQUESTED.key(event)
        outcome = apply_event(PROCESSOR, self._codec, self.records.get(key), event, self.where)
        if outcome.record is not None:
            self.records[key] = self._codec.decode(self._codec.encode(outcome.record))
        self._led_to = tuple(one.event for one in outcome.effects if isinstance(one, Emit))
        if not again:
            self.log.append(event)
            self.first.append(self._led_to)
        self._effects(outcome.effects, again)

    def _effects(self, effects: tuple[Any, ...], again: bool = False) -> None:
        for effect in effects:
            match effect:
                case Emit(CouponRequested() as next_one):
                    if not again:
                        self.queue.append(next_one)
                case Emit(CouponChanged() as change):
                    self.changes[change.event_id] = change
                case Emit(CouponAnswered() as answer):
                    self.answers[answer.request_id] = answer
                case Reject(reason, detail):
                    self.rejects.append(f"{reason}: {detail}")
                case Drop(reason):
                    self.drops.append(str(reason))

    def wait(self, micros: int) -> None:
        """Time passes; what is due happens."""
        self.now += micros
        for _ in range(1000):
            due = [(at, key) for key, one in self.records.items() if (at := wakes_at(PROCESSOR, one)) is not None]
            if not due or min(due)[0] > self.now:
                return self.deliver()
            at, key = min(due)
            outcome = apply_due(PROCESSOR, self.records[key], at, self.where)
            assert outcome.record is not None
            self.records[key] = self._codec.decode(self._codec.encode(outcome.record))
            self._effects(outcome.effects)
        raise AssertionError("timers go on for ever")

    def till(
        self, action: str, code: str, redemption: str, of: Basket | None = None, store: str = "mitte", **fields: Any
    ) -> str:
        """Sends a till's request and gives its id; `answer` has what came back."""
        id = f"request-{self.asked + 1}"
        self.send(
            normalised(code),
            action,
            code=normalised(code),
            received_at=self.now,
            source="till",
            store=store,
            redemption_id=f"tills/{redemption}",
            basket=written_basket(of or Basket()),
            request_id=id,
            reply_partition=0,
            **fields,
        )
        return id

    def ask(self, *args: Any, **fields: Any) -> tuple[int, dict[str, Any]]:
        """What a till is told."""
        id = self.till(*args, **fields)
        self.deliver()
        return self.answer(id)

    def answer(self, id: str) -> tuple[int, dict[str, Any]]:
        answer = self.answers[id]
        return answer.status, json.loads(answer.body)

    def said(self, *args: Any, **fields: Any) -> str:
        """The same in a few words: ``200 redeemed 5.00``, ``409 used``."""
        status, body = self.ask(*args, **fields)
        return f"{status} {body['state']} {body['discount']}" if status == 200 else f"{status} {body['reason']}"

    def issue(self, pool: str, ordinal: int = 0, **fields: Any) -> str:
        """Somebody earns the coupon of an ordinal; gives its code."""
        owner = {"person_id": "anna", "source_profile_id": "anna-1", "rule": "ten", "source_event_id": f"s{ordinal}"}
        self.send(f"pool/{pool}/{ordinal}", "issue", pool=pool, ordinal=ordinal, **owner | fields)
        self.deliver()
        return self.code_of(pool, ordinal)

    def code_of(self, pool: str, ordinal: int) -> str:
        state = self.records[f"pool/{pool}/{ordinal}"].state
        return str(state.ordinal.code)

    def imported(self, pool: str, *codes: str) -> None:
        for code in codes:
            self.send(normalised(code), "import", pool=pool, code=normalised(code))
        self.deliver()

    def returned(self, sale: str, back: str, left: str, id: str = "return-1", reason: str = "") -> None:
        micros = {"amount_micros": round(float(back) * 1e6), "left_micros": round(float(left) * 1e6)}
        self.send(f"sale/{sale}", "return", source_event_id=id, sale_event_id=sale, reason=reason, **micros)
        self.deliver()

    def states(self, code: str) -> list[str]:
        """The states of a coupon one after the other, each with its reason."""
        rows = sorted((one for one in self.changes.values() if one.code == normalised(code)), key=lambda c: c.version)
        return [f"{one.state} {one.reason}".strip() for one in rows]

    def commit(self) -> None:
        """What was applied until now is committed; what timers did always is."""
        self.committed = dict(self.records), len(self.log)

    def crash(self) -> None:
        """The worker dies: what was not committed is applied again. Tills are told the same, and what keys sent to each
        other is there twice."""
        self.records, since = dict(self.committed[0]), self.committed[1]
        told = dict(self.answers)
        lost = self.log[since:]
        for event, first in zip(lost, self.first[since:], strict=True):
            self.apply(event, again=True)
            assert self._led_to == first, "somebody was told something else"
        for event in lost:
            if event.sender and event.action != "number":
                self.queue.append(event)
        self.deliver()
        self.answers = told
        self.commit()

    def repeat(self) -> None:
        """Everything that keys sent to each other comes once more, as after crashes, with what follows: no coupon
        changes."""
        before = dict(self.changes), self._coupons()
        answers = dict(self.answers)
        self.queue += [one for one in self.log if one.sender and one.action != "number"]
        self.deliver()
        assert (self.changes, self._coupons()) == before
        self.answers = answers

    def _coupons(self) -> dict[str, bytes]:
        return {key: self._codec.encode(one) for key, one in self.records.items() if "/" not in key}

    def replay(self) -> None:
        """Applies every record once more, in order: nothing changes, and no till is told something else."""
        before = dict(self.changes), {key: self._codec.encode(one) for key, one in self.records.items()}
        won, answers = self.won, dict(self.answers)
        for event in self.log:
            if event.action != "number":  # the only one that counts: it is transactional, and so there once
                self.apply(event, again=True)
        after = {key: self._codec.encode(one) for key, one in self.records.items()}
        assert (self.changes, after) == before
        assert self.won <= won
        self.answers = answers

    @property
    def won(self) -> set[tuple[str, str]]:
        """Redemptions that were told yes, each with what it became."""
        bodies = [json.loads(one.body) for one in self.answers.values() if one.status == 200]
        return {(body["redemption_id"], body["state"]) for body in bodies}
