"""The report about deep networks counts calls of single layers."""

from reports import depth


def test_the_cost_grows_with_the_number_of_layers() -> None:
    few, many = depth.cost(4), depth.cost(16)
    assert few.verdict == many.verdict == "pass"
    assert many.entries == 8 + 8 * (64 + 8)
    assert many.calls < 1.3 * 4 * few.calls
    assert depth.cost(16, as_one=True).calls > 2 * many.calls


def test_one_row_a_depth() -> None:
    text = depth.table([depth.Cost(2, "pass", 10, 40)], [depth.Cost(2, "pass", 10, 60)])
    assert [cell.strip() for cell in text.splitlines()[-1].split("|")[1:-1]] == [
        "2", "pass", "10", "40", "20", "4.0", "60"
    ]  # fmt: skip
