"""A measured row of the table, and the bars that it is held to."""

import dataclasses


@dataclasses.dataclass
class Bar:
    """Ours is at most `times` × the value of `peer` and `plus` more, or, where there is no peer, at
    most `limit`."""

    peer: str = ""
    times: float = 1.0
    limit: float = 0.0
    plus: float = 0.0

    def most(self, values):
        """The value that ours may have; None where the peer was not measured."""
        if not self.peer:
            return self.limit
        return values[self.peer] * self.times + self.plus if self.peer in values else None

    def __str__(self):
        if not self.peer:
            return f"≤ {self.limit:g}"
        if self.plus:
            return f"≤ {self.peer} + {self.plus:g}"
        return f"≤ {self.times:.2f} × {self.peer}"


@dataclasses.dataclass
class Row:
    """One measure: a value for each chain, by name; `failed` counts answers that were not 2xx."""

    measure: str
    unit: str
    values: dict
    bars: list = dataclasses.field(default_factory=list)
    failed: dict = dataclasses.field(default_factory=dict)
    note: str = ""

    def verdicts(self, ours):
        """(bar, met) for each bar that can be judged; a run with failed answers meets none."""
        if ours not in self.values:
            return []
        judged = [(bar, bar.most(self.values)) for bar in self.bars]
        clean = not self.failed.get(ours)
        return [(b, clean and self.values[ours] <= most) for b, most in judged if most is not None]
