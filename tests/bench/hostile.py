"""The worst cost per byte of every path that reads what strangers send, found by a seeded search.

Random recipes first, then changes of the dearest ones. What counts is µs for each kB at twice the first size, so that
what grows faster than its input comes up too. The dearest text is then read at 1, 2 and 4 times the size: where the
time grows with the input, the last quotient is about 1.
"""

from collections.abc import Iterator
from random import Random
from time import perf_counter
from typing import Final, NamedTuple

from tests.bench.hostile_paths import ANYWHERE, PATHS, Frame, HostilePath, Recipe
from tests.bench.report import Figure

SEED: Final = 20_261_130
ROUNDS: Final = 150
KEPT: Final = 6
"""Of the dearest recipes; they are what is changed."""
PIECES_MAX: Final = 4
AGAIN: Final = 3
"""Times that the dearest is measured; the least counts, since others take the machine too."""


class Worst(NamedTuple):
    """The dearest text that was found for a path."""

    path: HostilePath
    recipe: Recipe
    micros: tuple[float, float, float]
    """For each kB, at 1, 2 and 4 times the size."""

    @property
    def growth(self) -> float:
        """Four times the input costs so many times four times as much."""
        return self.micros[2] / self.micros[0]

    def words(self) -> str:
        """Say what it is."""
        before, after = (text if len(text) <= 24 else f"...{text[-21:]}" for text in self.recipe.frame)
        return f"{self.path.size:,} bytes: {before!r} + {self.recipe.piece!r:.60} x n + {after!r}"


def micros_a_kb(path: HostilePath, recipe: Recipe, size: int, times: int = 1) -> float:
    """Return the least of some measurements."""
    text = recipe.text(size)
    least = float("inf")
    for _ in range(times):
        begun = perf_counter()
        path.meet(text)
        least = min(least, perf_counter() - begun)
    return least * 1e6 / (len(text.encode("utf-8", "surrogatepass")) / 1_000)


def search(path: HostilePath, rounds: int = ROUNDS, seed: int = SEED) -> list[Recipe]:
    """Return the dearest recipes, the dearest first."""
    chance = Random(f"{seed} {path.name}")
    pieces = path.pieces + ANYWHERE
    found: dict[Recipe, float] = {}
    path.meet("")  # what is made once is not measured
    plain = [Recipe(frame, piece) for frame in path.frames for piece in path.pieces]
    chance.shuffle(plain)
    for turn in range(rounds):
        best = sorted(found, key=found.__getitem__, reverse=True)[:KEPT]
        recipe = (
            plain.pop()
            if plain and (turn < rounds // 2 or not best)
            else _changed(chance.choice(best), path, pieces, chance)
        )
        if recipe not in found:
            found[recipe] = micros_a_kb(path, recipe, 2 * path.size)
    return sorted(found, key=found.__getitem__, reverse=True)[:KEPT]


def _changed(recipe: Recipe, path: HostilePath, pieces: tuple[str, ...], chance: Random) -> Recipe:
    """Change one thing: the frame, what opens it, or the piece that repeats."""
    frame, piece = recipe
    match chance.randrange(5):
        case 0:
            frame = chance.choice(path.frames)
        case 1:
            frame = Frame(frame.before + chance.choice(pieces), frame.after)
        case 2:
            frame = Frame(frame.before, chance.choice(pieces) + frame.after)
        case 3:
            piece = "".join(chance.choices(pieces, k=chance.randint(1, PIECES_MAX)))
        case _:
            piece += chance.choice(pieces)
    return Recipe(frame, piece)


def worst(path: HostilePath, rounds: int = ROUNDS) -> Worst:
    """Search, and measure the dearest at three sizes."""
    found = []
    for recipe in search(path, rounds):
        small, middle, large = (micros_a_kb(path, recipe, path.size * many, AGAIN) for many in (1, 2, 4))
        found.append(Worst(path, recipe, (small, middle, large)))
    return max(found, key=lambda each: each.micros[2])


def measure(rounds: int = ROUNDS) -> Iterator[Figure]:
    """Print the worst of each path, and give its cost at the largest size."""
    for path in PATHS:
        found = worst(path, rounds)
        small, middle, large = found.micros
        words = (
            f"{small:,.1f}, {middle:,.1f}, {large:,.1f} at n, 2n, 4n: growth {found.growth:.2f}; n = {found.words()}"
        )
        yield Figure(f"hostile: {path.name}", "µs/kB", (large,), words)
