"""What replay and comparison need to know of identity."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from processors.identity.state import Component, Node
from processors.step import PublishedVersions
from schemas.events import IdentityChanged
from schemas.ids import person_of
from schemas.topics import IDENTITY_CHANGED

replace = msgspec.structs.replace


def canonical(node: Node) -> Any:
    """The node without what only the order of records decides.

    Left out are how often its component was resolved (versions, clocks), the path to the root, person ids under which
    no touchpoint was published, and the order of lists whose order means nothing. Of the edges that a shared identifier
    declines, left out is whether they had reached the component before, where they count as little; that the component
    has them is compared although it depends on that order too.
    How often neighbours were forgotten only numbers signals.
    Of evidence for which consent is asked first, left out is which time the root knows: it is as good as the latest.
    """
    plain = replace(
        node,
        version=0,
        parent="",
        former_person_ids=(),
        packed=b"",
        notified=tuple(sorted(node.notified)),
        declined=tuple(sorted((*node.declined, *node.withheld))),
        withheld=(),
        revision=0,
        asked={other: replace(asked, sent=0) for other, asked in node.asked.items()},
        told={},
        forgotten=0,
    )
    return (plain if node.used else replace(plain, person_id="")), _members(node.component)


def versions_of(change: IdentityChanged) -> Iterable[tuple[str, int]]:
    """The source profiles that an identity-changed event is about, with its version."""
    about = {person_of(identifier) for identifier in (change.identifier, change.other_identifier) if identifier}
    return ((own, change.version) for own in about | {change.source_profile_id})


def raised(identifier: str, node: Node, published: Mapping[str, int]) -> Node:
    """The node, and the component at a root, with versions that are no lower than the published ones.

    :param published: the highest version by source profile.
    """
    version = max(node.version, published.get(person_of(identifier), 0))
    node = replace(node, version=version)
    if (component := node.component) is not None:
        clock = max(component.clock, version, *(published.get(person_of(one), 0) for one in component.members))
        node = node.with_component(Component(clock, component.members, component.dead))
    return node


PUBLISHED = PublishedVersions(IDENTITY_CHANGED, versions_of, raised)


def _members(component: Component | None) -> Any:
    if component is None:
        return None
    return component.dead, {
        identifier: replace(
            member,
            person_id=member.person_id if member.used else "",
            stronger_ends=tuple(sorted(member.stronger_ends)),
            declined=(),
            revision=0,
            edges={other: replace(edge, asked_at=0) for other, edge in member.edges.items()},
        )
        for identifier, member in component.members.items()
    }
