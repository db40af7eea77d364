"""The reasons why mutants may live are of lines that are there."""

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REASONS = tomllib.loads((ROOT / "reports/mutation.toml").read_text(encoding="utf-8"))["survivor"]


@pytest.mark.parametrize("name", sorted({s["file"] for s in REASONS}))
def test_each_reason_is_of_a_line_of_its_file(name: str) -> None:
    lines = {line.strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines()}
    assert [s["before"] for s in REASONS if s["file"] == name and s["before"] not in lines] == []


def test_each_reason_is_of_one_of_three_kinds_and_given_once() -> None:
    assert {s["reason"].split(": ")[0] for s in REASONS} == {"Equivalent", "Economy", "Tuning"}
    assert len({(s["file"], s["before"], s["after"]) for s in REASONS}) == len(REASONS)
