"""What people who merge and part have in the end, as a child would count it: no parts, no versions, all at once."""

from dataclasses import dataclass, field

SCAN, UNIT = 5, 2
"""Points of a scan, and of each whole unit of a sale that stays, by the rules of the stories' world."""


@dataclass
class Naive:
    """``name_of`` says who everybody is known as; ``met`` has the pairs that were ever known as one."""

    people: tuple[str, ...]
    name_of: dict[str, str] = field(default_factory=dict)
    met: set[tuple[str, str]] = field(default_factory=set)
    scans: list[str] = field(default_factory=list)
    sales: dict[str, tuple[str, int]] = field(default_factory=dict)
    returns: dict[str, tuple[str, str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.name_of = {who: who for who in self.people}
        self.met = {(who, who) for who in self.people}

    def group(self, who: str) -> set[str]:
        return {other for other in self.people if self.name_of[other] == self.name_of[who]}

    def call(self, group: set[str], name: str) -> None:
        self.name_of |= dict.fromkeys(group, name)
        self.met |= {(a, b) for a in group for b in group}

    def must_be_taken_back(self, back: str) -> bool:
        who, sale, _ = self.returns[back]
        return self.name_of[who] == self.name_of[self.sales[sale][0]]

    def may_be_taken_back(self, back: str) -> bool:
        """The sale was in the same hands once: then it depends on what came first."""
        who, sale, _ = self.returns[back]
        return (who, self.sales[sale][0]) in self.met

    def balances(self, taken_back: set[str]) -> dict[str, int]:
        """By own person."""
        points = dict.fromkeys(self.people, 0)
        for who in self.scans:
            points[who] += SCAN
        for sale, (who, amount) in self.sales.items():
            back = sum(units for id, (_, of, units) in self.returns.items() if of == sale and id in taken_back)
            points[who] += UNIT * max(0, amount - back)
        return points
