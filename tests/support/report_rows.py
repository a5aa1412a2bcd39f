"""Rows of figures as the report's queries give them, one function for each query."""

from typing import Any

from sinks.analysis.intervals import wilson
from sinks.analysis.report.section import Row


def credit(channel: str, conversions: float, revenue: float = 0.0, model: str = "last", currency: str = "EUR") -> Row:
    return {"model": model, "channel": channel, "conversions": conversions, "revenue": revenue, "currency": currency}


def of(by: str, value: str, conversions: float) -> Row:
    return {"by": by, "value": value, "conversions": conversions, "revenue": conversions, "currency": "EUR"}


def placed(value: str, paths: int, conversions: int, hidden: int, n: int, revenue: float = 10.0) -> Row:
    """A row of influence."""
    names = ("share_low", "share_high"), ("hidden_low", "hidden_high")
    ends = [wilson(part, n) if n else (None, None) for part in (conversions, hidden)]
    shares = {"share": conversions / n if n else None, "hidden_share": hidden / n if n else None}
    return {
        "value": value, "paths": paths, "conversions": conversions, "revenue": revenue, "hidden_conversions": hidden,
        "hidden_revenue": revenue * hidden / max(1, conversions), **shares, "n": n, "currency": "EUR",
        **dict(zip(names[0], ends[0], strict=True)), **dict(zip(names[1], ends[1], strict=True)),
    }  # fmt: skip


def opened(value: str, conversions: int, revenue: float, n: int) -> Row:
    return {"value": value, "conversions": conversions, "revenue": revenue, "n": n, "currency": "EUR"}


def spent(campaign: str, roi: float | None, cost: float = 10.0, placement: str = "*", **more: Any) -> Row:
    """A row of campaign_value, by default of a campaign as a whole."""
    return {
        "campaign": campaign, "placement": placement, "is_whole": placement == "*", "cost": cost, "conversions": 2.0,
        "roi": roi, "roi_low": None, "roi_high": None, "cost_per_conversion": cost / 2, "other_costs": {},
        "incremental_conversions": None, "cost_per_incremental_conversion": None, "cost_per_incremental_low": None,
        "cost_per_incremental_high": None, "currency": "EUR", **more,
    }  # fmt: skip


def incremental(campaign: str, cost: float | None, share: float) -> Row:
    return spent(
        campaign, 0.5, incremental_conversions=2 * share, cost_per_incremental_conversion=cost,
        cost_per_incremental_low=cost and cost / 2, cost_per_incremental_high=None,
    )  # fmt: skip


def taken(path: list[str], paths: int, conversions: int, of_all: int, equals: int = 1) -> Row:
    return {
        "channels": path, "paths": paths, "conversions": conversions, "revenue": 0.0, "currency": "EUR",
        "all_paths": paths * 2, "all_conversions": of_all, "equally_frequent": equals,
    }  # fmt: skip


def long(touches: int, conversions: int, paths: int | None = None) -> Row:
    return {"touches": touches, "conversions": conversions, "paths": conversions if paths is None else paths}


def after(from_h: int, conversions: int, median: float, longest: float, within: int) -> Row:
    return {
        "from_h": from_h, "conversions": conversions, "median_h": median, "longest_h": longest, "within_a_day": within
    }  # fmt: skip


def happened(type: str, events: int, at: str = "2026-03-02T10:00:00Z", imported: int = 0) -> Row:
    to = at.replace("10:00", "11:00")
    return {"at": at, "to": to, "type": type, "events": events, "imported": imported, "step_s": 3600}


def waited(**scans: int) -> list[Row]:
    return [{"outcome": name.replace("_", " "), "scans": n, "median_ms": None} for name, n in scans.items()]


def decided(route: str, decisions: int, outcome: str = "routed", moment: str = "buy") -> Row:
    return {"route": route, "moment": moment, "outcome": outcome, "decisions": decisions}


def rejected(reason: str, events: int, used: int, field: str = "", replayed: int = 0, **all_: int) -> Row:
    return {
        "stage": "gateway", "reason": reason, "field": field, "events": events, "replayed": replayed,
        "all_events": events, "all_replayed": replayed, "all_lost": events - replayed, "used": used, **all_,
    }  # fmt: skip


def earned(rule: str, points: int, kind: str = "earned", people: int = 1) -> Row:
    return {"rule": rule, "kind": kind, "points": points, "entries": 1, "people": people}


def compared(answered: tuple[int, int], held_out: tuple[int, int], mixed: int = 0, **more: Any) -> Row:
    """A row of uplift: buyers and people of both groups."""
    row: Row = {"mixed_people": mixed, "currency": "EUR"}
    for side, (buyers, people) in (("answered", answered), ("held_out", held_out)):
        low, high = wilson(buyers, people) if people else (None, None)
        rate = buyers / people if people else None
        row |= {f"{side}_people": people, f"{side}_buyers": buyers, f"{side}_rate": rate}
        row |= {f"{side}_low": low, f"{side}_high": high}
    if answered[1] and held_out[1]:
        difference = answered[0] / answered[1] - held_out[0] / held_out[1]
        row |= {"difference": difference, "difference_low": difference - 0.1, "difference_high": difference + 0.1}
    return row | {"revenue_difference": None, "revenue_difference_low": None, "revenue_difference_high": None} | more


def varied(
    variant: str, converted: int, people: int, difference: float | None = None, experiment: str = "cta", **more: Any
) -> Row:
    """A row of experiment; the first variant, without a difference, is the control."""
    ends = {"difference": difference, "difference_low": None, "difference_high": None}
    if difference is not None:
        ends |= {"difference_low": difference - 0.05, "difference_high": difference + 0.05}
    revenue = dict.fromkeys(("revenue_difference", "revenue_difference_low", "revenue_difference_high"))
    return {
        "experiment": experiment, "phase": "1-x", "variant": variant, "is_control": variant == "a", "people": people,
        "conversion_rate": converted / people if people else None, **ends, **revenue, "drawn": people,
        "conclusion": "control" if variant == "a" else "", "both_people": 0, "currency": "EUR", **more,
    }  # fmt: skip


def scored(n: int, predicted: float | None, observed: float | None, **more: Any) -> Row:
    return {
        "n": n, "predicted": predicted, "observed": observed, "skilled": True, "reason": "", "auc": 0.7,
        "auc_low": 0.6, "auc_high": 0.8, "slope": 1.0, "brier": 0.1, "brier_of_rate": 0.2, **more,
    }  # fmt: skip
