"""Random expressions over all inputs of an evaluator, which the check accepts unless they take too many steps."""

import random

from schemas.expressions.inputs import BY_NAME, names_read_by

LITERALS = {
    "bool": ["true", "false"],
    "int": ["0", "1", "3", "9223372036854775807", "-1"],
    "double": ["0.0", "2.5", "1e308"],
    "string": ["''", "'shelf'", '"tea"', "'Mo'", "'日\\n'"],
    "list(string)": ["[]", "['tea', 'vip']"],
}
SIMPLE = ("bool", "int", "double", "string")


def random_condition(chance: random.Random, reader: str) -> str:
    """A condition of an evaluator (``inputs.CONTEXT`` or ``REWARDS``)."""
    return _Maker(chance, sorted(names_read_by(reader))).of("bool", 3)


class _Maker:
    def __init__(self, chance: random.Random, names: list[str]) -> None:
        self._chance = chance
        self._names = names

    def of(self, type: str, depth: int) -> str:
        """An expression of a type, so many levels deep at most."""
        if depth == 0 or self._chance.random() < 0.2:
            named = [name for name in self._names if BY_NAME[name].type == type]
            return self._chance.choice([*LITERALS[type], *named, *named])
        if type == "bool":
            return self._condition(depth - 1)
        if type == "int":
            return self._number(depth - 1)
        if type == "double":
            made = self._chance.choice(["({0} * {1})", "({0} / {1})", "({0} - {1})", "double({2})"])
            return made.format(self.of("double", depth - 1), self.of("double", depth - 1), self.of("int", depth - 1))
        if type == "string":
            one, other = self.of("string", depth - 1), self.of("string", depth - 1)
            return self._chance.choice([f"({one} + {other})", f"string({self.of('int', depth - 1)})"])
        many = self.of(type, depth - 1)
        return self._chance.choice([f"{many}.filter(x, x != {self.of('string', 0)})", f"{many}.map(x, x + 'a')"])

    def _condition(self, depth: int) -> str:
        simple = self._chance.choice(SIMPLE)
        one, other = self.of(simple, depth), self.of(simple, depth)
        a, b, many = self.of("bool", depth), self.of("bool", depth), self.of("list(string)", depth)
        operator, macro = (
            self._chance.choice(["<", ">=", "==", "!="]),
            self._chance.choice(["all", "exists", "exists_one"]),
        )
        return self._chance.choice(
            [
                f"({one} {operator} {other})",
                f"({a} && {b})",
                f"({a} || {b})",
                f"!({a})",
                f"({a} ? {b} : {self.of('bool', depth)})",
                f"({self.of('string', depth)} in {many})",
                f"has({self._chance.choice(self._names)})",
                f"{many}.{macro}(x, x.startsWith({self.of('string', 0)}))",
            ]
        )

    def _number(self, depth: int) -> str:
        one, other = self.of("int", depth), self.of("int", depth)
        return self._chance.choice(
            [
                f"({one} {self._chance.choice('+-*/%')} {other})",
                f"size({self.of('list(string)', depth)})",
                f"int({self.of('double', depth)})",
                f"int({self.of('string', 0)})",
                f"{{'tea': {one}}}[{self.of('string', depth)}]",
            ]
        )
