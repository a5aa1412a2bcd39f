"""The brand's hold-out: people who get no decision, so that the effect of decisions can be measured."""

from collections.abc import Iterator

from schemas.brand.item import Mistake, Part


class Holdout(Part, frozen=True):
    """People who always get the fallback of a tag.

    ``share`` of all people, 0 to 0.5 in steps of 0.0001; ``salt`` draws them: another salt draws others.
    """

    share: float = 0.0
    salt: str = ""

    def mistakes(self) -> Iterator[Mistake]:
        if not 0 <= self.share <= 0.5:
            yield "holdout.share", f"{self.share} is no share from 0 to 0.5, e.g. 0.05 for every twentieth person"
        elif round(self.share, 4) != self.share:
            yield "holdout.share", f"{self.share} has more than four decimals"
        if self.share and not self.salt:
            yield "holdout.salt", "must be given with a share, e.g. the year: another salt draws other people"
