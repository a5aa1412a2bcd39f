"""A configuration crosses a topic of several partitions: it goes live whole, in any interleaving, or not at all."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from schemas.brand.items import BrandFold, events_of
from schemas.brand.model import Brand
from schemas.events import BrandConfigured
from schemas.ids import partition_of
from schemas.topics import BRAND_CONFIGURED
from tests.schemas.brands import brand, same

PARTITIONS = 4


def published(new: Brand, before: BrandFold) -> list[BrandConfigured]:
    return list(events_of(new, 1, before.versions))


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


@given(data=st.data(), before=st.integers(1, 6), after=st.integers(0, 6))
def test_the_next_version_replaces_it_whole(data: st.DataObject, before: int, after: int) -> None:
    old, new = brand(before), brand(after, name="Kolibri 2")
    folded = fold(published(old, BrandFold()))
    met = data.draw(interleavings(published(new, folded)))
    for event in met:
        folded.apply(event)
        assert same(folded.brand, old) or same(folded.brand, new), "nobody ever sees a mixture"
    assert same(folded.brand, new)
    assert set(folded.versions.values()) == {new.version}


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


def test_the_version_follows_from_the_content() -> None:
    assert brand(2).version == brand(2).version != brand(3).version


def test_a_kind_from_the_future_is_left_alone() -> None:
    folded = fold(published(brand(1), BrandFold()))
    assert not folded.apply(
        BrandConfigured(event_id="e", occurred_at=1, kind="journey", id="j", version="v", body="{}")
    )
    assert same(folded.brand, brand(1))
