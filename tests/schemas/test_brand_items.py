"""A configuration crosses a topic of several partitions: it goes live whole, in any interleaving, or not at all."""

import sys
from collections.abc import Sequence

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from schemas.brand.fold import BrandFold
from schemas.brand.items import events_of
from schemas.brand.model import Brand
from schemas.events import BrandConfigured
from schemas.kafka.partitioner import partition_of
from schemas.topics import BRAND_CONFIGURED
from tests.support.brand_files import brand, same

PARTITIONS = 4


def published(new: Brand, before: BrandFold) -> list[BrandConfigured]:
    return events_of(new, 1, before.held)


def fold(events: Sequence[BrandConfigured]) -> BrandFold:
    folded = BrandFold()
    for event in events:
        folded.apply(event)
    return folded


@st.composite
def interleavings(draw: st.DrawFn, events: Sequence[BrandConfigured]) -> list[BrandConfigured]:
    """The events as some reader may meet them: in order within each partition, and no order among partitions."""
    queues: dict[int, list[BrandConfigured]] = {}
    for event in events:
        queues.setdefault(partition_of(BRAND_CONFIGURED.key(event), PARTITIONS), []).append(event)
    met = []
    while queues:
        number = draw(st.sampled_from(sorted(queues)))
        met.append(queues[number].pop(0))
        if not queues[number]:
            del queues[number]
    return met


@given(data=st.data(), tags=st.integers(0, 8))
def test_any_interleaving_completes(data: st.DataObject, tags: int) -> None:
    new = brand(tags)
    met = data.draw(interleavings(published(new, BrandFold())))
    folded = BrandFold()
    lives = [folded.apply(event) for event in met]
    assert lives == [False] * (len(met) - 1) + [True]
    assert same(folded.brand, new)


def test_a_brand_of_many_tags_takes_a_reader_no_more_steps_an_event_whatever_comes_first() -> None:
    def steps(tags: int) -> float:
        """Calls of functions for an event, the brand's own item first."""
        events = published(brand(tags), BrandFold())
        ordered = sorted(events, key=lambda event: event.kind != "brand")
        calls = 0

        def count(*_: object) -> None:
            nonlocal calls
            calls += 1

        folded = BrandFold()
        sys.setprofile(count)
        try:
            for event in ordered:
                folded.apply(event)
        finally:
            sys.setprofile(None)
        assert folded.brand is not None and len(folded.brand.tags) == tags
        return calls / len(events)

    assert steps(4000) < steps(500) * 1.2


@given(data=st.data(), before=st.integers(1, 6), after=st.integers(0, 6))
def test_the_next_version_replaces_it_whole(data: st.DataObject, before: int, after: int) -> None:
    old, new = brand(before), brand(after, name="Kolibri 2")
    folded = fold(published(old, BrandFold()))
    met = data.draw(interleavings(published(new, folded)))
    for event in met:
        folded.apply(event)
        assert same(folded.brand, old) or same(folded.brand, new), "nobody ever sees a mixture"
    assert same(folded.brand, new)
    assert not events_of(new, 2, folded.held)


@given(data=st.data(), lost=st.integers(1, 9))
def test_half_a_version_never_goes_live(data: st.DataObject, lost: int) -> None:
    old, new = brand(1), brand(6, name="Kolibri 2")
    folded = fold(published(old, BrandFold()))
    items = [event for event in published(new, folded) if event.body]
    met = data.draw(interleavings(items))
    for event in met[: -min(lost, len(met) - 1)]:
        assert not folded.apply(event)
    assert same(folded.brand, old)


def test_what_is_gone_is_withdrawn_last() -> None:
    folded = fold(published(brand(3), BrandFold()))
    events = published(brand(1, name="Kolibri 2"), folded)
    kinds = [("withdrawn" if not event.body else event.kind) for event in events]
    assert kinds[-3:] == ["brand", "withdrawn", "withdrawn"]
    assert [event.id for event in events[-2:]] == ["shelf-1", "shelf-2"]


def test_a_late_reader_of_a_compacted_topic_sees_the_same() -> None:
    first = published(brand(4), BrandFold())
    second = published(brand(2, name="Kolibri 2"), fold(first))
    last_of_each_key = {BRAND_CONFIGURED.key(event): event for event in first + second}
    assert same(fold(list(last_of_each_key.values())).brand, brand(2, name="Kolibri 2"))


def test_applying_the_same_version_again_changes_nothing() -> None:
    events = published(brand(2), BrandFold())
    folded = fold(events)
    assert not any(folded.apply(event) for event in events)
    assert same(folded.brand, brand(2))


def test_going_back_to_an_earlier_version() -> None:
    folded = fold(published(brand(2), BrandFold()))
    for new in (brand(3, name="Kolibri 2"), brand(2)):
        for event in published(new, folded):
            folded.apply(event)
        assert same(folded.brand, new)


def of_release_0_2(new: Brand, at: int) -> list[BrandConfigured]:
    """The events of a version as releases up to 0.2 wrote them: every item with the version, and no content."""
    events = events_of(new, at, {})
    own = next(event for event in events if event.kind == "brand")
    written = msgspec.json.decode(own.body)
    del written["content"]
    return [msgspec.structs.replace(e, body=msgspec.json.encode(written).decode()) if e is own else e for e in events]


@given(data=st.data())
def test_what_earlier_releases_applied_is_read_and_the_next_version_stands_on_it(data: st.DataObject) -> None:
    first, second, third = brand(3), brand(2, name="Kolibri 2"), brand(2, name="Kolibri 3")
    folded = fold(of_release_0_2(first, 1))
    assert same(folded.brand, first)
    for event in data.draw(interleavings(of_release_0_2(second, 2))):
        folded.apply(event)
        assert same(folded.brand, first) or same(folded.brand, second)
    assert same(folded.brand, second), "also before what is gone was withdrawn"
    for event in data.draw(interleavings(events_of(third, 3, folded.held))):
        folded.apply(event)
        assert same(folded.brand, second) or same(folded.brand, third)
    assert same(folded.brand, third)
    assert "tag/shelf-2" not in folded.held


@given(data=st.data(), later=st.integers(-5, 5))
def test_a_brand_may_get_another_id_whatever_the_clocks_say(data: st.DataObject, later: int) -> None:
    old = brand(2)
    new = msgspec.structs.replace(old, version="2", about=msgspec.structs.replace(old.about, id="colibri"))
    folded = fold(events_of(old, 10, {}))
    for event in data.draw(interleavings(events_of(new, 10 + later, folded.held))):
        folded.apply(event)
        assert same(folded.brand, old) or same(folded.brand, new)
    assert same(folded.brand, new)
    assert list(folded.held)[-1] == "brand/colibri"


def test_a_version_that_a_later_release_wrote_leaves_the_last_one_that_can_be_read() -> None:
    old = brand(2)
    for changed in ("tag", "brand"):
        folded = fold(published(old, BrandFold()))
        for event in published(brand(3, name="Kolibri 2"), folded):
            body = event.body.replace('"placement"', '"placemark"').replace('"currency"', '"coinage"')
            folded.apply(msgspec.structs.replace(event, body=body) if event.kind == changed else event)
        assert same(folded.brand, old)
        if changed == "brand":
            assert "coinage" in folded.unreadable
        for event in events_of(brand(4), 3, folded.held):
            folded.apply(event)
        assert same(folded.brand, brand(4)) and not folded.unreadable


def test_the_version_follows_from_the_content() -> None:
    assert brand(2).version == brand(2).version != brand(3).version


def test_a_kind_from_the_future_is_left_alone() -> None:
    folded = fold(published(brand(1), BrandFold()))
    assert not folded.apply(
        BrandConfigured(event_id="e", occurred_at=1, kind="journey", id="j", version="v", body="{}")
    )
    assert same(folded.brand, brand(1))
