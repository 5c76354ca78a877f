"""Splits: nothing leaks, the shares are kept in each category, the seed alone decides."""

from collections import Counter
from pathlib import Path

import pytest

from pap_core.data.readers.cell import Cell
from pap_core.data.split import TEST, TRAIN, hold_out, split

SIZES = {"Parabasal": 7, "Koilocytotic": 3, "Dyskeratotic": 4}  # cells of a smear
SMEARS = 60


@pytest.fixture(scope="module")
def cells() -> list[Cell]:
    """Sixty smears of each category; a few slides hold cells of two categories, as Herlev's do."""
    made = []
    for category, size in SIZES.items():
        for smear in range(SMEARS):
            group = f"shared_{smear}" if smear < 5 else f"{category}_{smear:03d}"
            for number in range(1 + (smear * 5) % (2 * size)):
                name = f"{category}_{smear:03d}_{number:02d}"
                made.append(Cell(name, category, group, Path("001.bmp")))
    return made


def shares(cells: list[Cell], sides: dict[str, str]) -> dict[str, float]:
    """Return the test share of each category."""
    total = Counter(cell.category for cell in cells)
    tested = Counter(cell.category for cell in cells if sides[cell.id] == TEST)
    return {category: tested[category] / total[category] for category in total}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("test", [0.2, 0.3, 0.5])
def test_grouped_never_leaks_and_keeps_the_share(cells: list[Cell], seed: int, test: float) -> None:
    sides = split(cells, "grouped", test, seed)
    assert sides.keys() == {cell.id for cell in cells}
    by_group: dict[str, set[str]] = {}
    for cell in cells:
        by_group.setdefault(cell.group, set()).add(sides[cell.id])
    assert set(map(len, by_group.values())) == {1}
    for share in shares(cells, sides).values():
        assert share == pytest.approx(test, abs=0.05)  # slides of two categories leave no finer choice


@pytest.mark.parametrize("seed", range(3))
def test_paper_draws_exactly_within_each_category(cells: list[Cell], seed: int) -> None:
    sides = split(cells, "paper", 0.3, seed)
    total = Counter(cell.category for cell in cells)
    tested = Counter(cell.category for cell in cells if sides[cell.id] == TEST)
    assert tested == {category: round(0.3 * count) for category, count in total.items()}
    both = {cell.group for cell in cells if sides[cell.id] == TEST}
    both &= {cell.group for cell in cells if sides[cell.id] == TRAIN}
    assert len(both) > SMEARS  # the paper's split does put one smear on both sides


@pytest.mark.parametrize("kind", ["grouped", "paper"])
def test_the_seed_alone_decides(cells: list[Cell], kind: str) -> None:
    sides = split(cells, kind, 0.3, 1)
    assert split(cells[::-1], kind, 0.3, 1) == sides  # not the order the files were found in
    assert split(cells, kind, 0.3, 2) != sides


def test_the_same_split_on_any_machine() -> None:
    """A draw written down once: another version or machine must not draw another."""
    cells = [Cell(f"c{number}", "Parabasal", f"g{number % 6}", Path("a.bmp")) for number in range(18)]
    tested = {cell.group for cell in cells if split(cells, "grouped", 1 / 3, 0)[cell.id] == TEST}
    assert tested == {"g0", "g1"}


@pytest.mark.parametrize("share", [0.1, 0.25])
def test_validation_holds_out_whole_groups_of_about_the_share(share: float) -> None:
    groups = [f"g{number // 7}" for number in range(400)]
    held = hold_out(groups, share, seed=3)
    assert held < set(groups)
    assert sum(group in held for group in groups) / 400 == pytest.approx(share, abs=0.01)
    assert hold_out(groups[::-1], share, seed=3) == held
    assert hold_out(groups, share, seed=4) != held
