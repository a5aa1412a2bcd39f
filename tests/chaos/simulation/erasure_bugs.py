"""Planted bugs of erasures: what comes back, what is not found, what is done twice."""

from typing import Any
from unittest.mock import patch

import msgspec

from processors.identity import fragments, union_protocol
from processors.identity.state import Component
from processors.shell import apply
from processors.shell.state.records import ERASED, Active
from processors.step import Emit
from tests.chaos.simulation.planting import around, planted
from tests.support.workload import REFERENCE


def _without_mark(record: Active[Any], profile: str) -> Active[Any]:
    redirects = {own: redirect for own, redirect in record.redirects.items() if own != profile}
    return Active(record.state, record.seen, redirects)


@planted("a late event revives who was erased")
def _() -> Any:
    def forward(original: Any, processor: Any, codec: Any, record: Any, event: Any, redirect: Any) -> Any:
        if redirect == ERASED:
            return apply._step(processor, record, event, REFERENCE)
        return original(processor, codec, record, event, redirect)

    return around(apply, "_forward", forward)


@planted("a part that was on its way survives an erasure")
def _() -> Any:
    def refuse(original: Any, processor: Any, codec: Any, record: Any, event: Any) -> Any:
        return apply._receive(processor, codec, _without_mark(record, event.source_profile_id), event, REFERENCE)

    return around(apply, "_refuse", refuse)


@planted("an erasure that does not follow its part")
def _() -> Any:
    def erase(original: Any, processor: Any, codec: Any, record: Any, event: Any, *rest: Any) -> Any:
        if record is not None and record.redirects.get(event.source_profile_id) != ERASED:
            record = _without_mark(record, event.source_profile_id)
        return original(processor, codec, record, event, *rest)

    return around(apply, "_erase", erase)


@planted("no mark left where there was nothing to erase")
def _() -> Any:
    def erase(original: Any, processor: Any, codec: Any, record: Any, event: Any, *rest: Any) -> Any:
        outcome = original(processor, codec, record, event, *rest)
        if record is None or record.state is None:
            return apply.Outcome(_without_mark(outcome.record, event.source_profile_id), outcome.effects)
        return outcome

    return around(apply, "_erase", erase)


@planted("an erasure done twice at two owners")
def _() -> Any:
    """Its report is published before the state is committed."""
    return around(apply, "_applied", lambda original, *args: Emit(original(*args).event))


@planted("an erasure that comes again reported again")
def _() -> Any:
    def erase(original: Any, processor: Any, codec: Any, record: Any, event: Any, *rest: Any) -> Any:
        return original(processor, codec, record and Active(record.state, b"", record.redirects), event, *rest)

    return around(apply, "_erase", erase)


@planted("an erasure takes the parts of others")
def _() -> Any:
    def erase(original: Any, processor: Any, codec: Any, record: Any, event: Any, *rest: Any) -> Any:
        outcome = original(processor, codec, record, event, *rest)
        return apply.Outcome(Active(None, outcome.record.seen, outcome.record.redirects), outcome.effects)

    return around(apply, "_erase", erase)


# Identity.


@planted("a dead identifier comes back with a fragment that is late")
def _() -> Any:
    def merge(original: Any, component: Component, fragment: Component) -> Any:
        bare = [msgspec.structs.replace(one, dead=()) for one in (component, fragment)]
        return original(*bare)

    return patch.multiple(
        union_protocol, merge_components=lambda one, other: merge(fragments.merge_components, one, other)
    )
