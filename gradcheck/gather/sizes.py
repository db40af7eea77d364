"""The sizes that layers are built with: sets chosen so that two names of one factor can be told apart."""

from dataclasses import dataclass

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Sizes:
    """One set. An image is (height, width, depth_in); a vector layer maps n_in to n_out entries.

    vary: also give stride and padding, which otherwise keep their defaults, another value · defaults: keep
    the default of every parameter that has one · windows: only for classes with a window (kernel, pool).
    """

    name: str
    height: int
    width: int
    depth_in: int
    depth_out: int
    kernel: tuple[int, int]
    n_in: int
    n_out: int
    hidden: int
    batch: int
    distinct: bool = True
    vary: bool = False
    defaults: bool = False
    windows: bool = False

    @property
    def image(self) -> Shape:
        """(H, W, D), as the article orders it."""
        return (self.height, self.width, self.depth_in)


# In each distinct set every size differs from every other that it can be mistaken for, odd and even mixed, and the
# depths go once down and once up. A window of 3 or 2 fits into each image, channels first or last.
SETS = (
    Sizes("distinct", 5, 6, 3, 2, (3, 2), 5, 3, 7, 4),
    Sizes("other way round", 7, 4, 2, 5, (2, 3), 2, 6, 3, 5),
    Sizes("varied", 8, 5, 3, 4, (2, 3), 4, 5, 3, 2, vary=True),
    Sizes("equal", 4, 4, 2, 2, (2, 2), 3, 3, 3, 2, distinct=False, defaults=True),
    Sizes("whole windows", 6, 4, 2, 3, (2, 2), 4, 2, 3, 3, distinct=False, windows=True),
    Sizes("one", 3, 4, 1, 1, (1, 1), 1, 1, 1, 1, distinct=False),
)

# Evidence only: never checked, used to tell names of a factor apart.
FURTHER = (
    Sizes("further 1", 6, 9, 5, 3, (3, 4), 7, 4, 5, 3),
    Sizes("further 2", 9, 7, 4, 6, (4, 2), 3, 8, 2, 6),
    Sizes("further 3", 7, 10, 2, 3, (2, 4), 6, 5, 9, 7),
    Sizes("further 4", 8, 6, 1, 4, (3, 5), 9, 2, 4, 8),
)
