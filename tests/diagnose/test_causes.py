"""The pages: one for every cause, its example runs and gets the cause that the page is about."""

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import gradcheck.diagnose
from gradcheck.base.causes import causes, page

HEADINGS = ("The formula", "How it arises", "How to mend it", "Easily confused with", "A smallest example")
SLUG = re.compile(r'"([a-z]+(?:-[a-z]+)+|located|transposed|unrecognised)"')


def named_in_code() -> set[str]:
    """Every slug that a file of diagnose/ or run/ gives to a finding or a prediction."""
    root = Path(str(files(gradcheck.diagnose)))
    texts = [
        path.read_text(encoding="utf-8") for path in [*root.glob("*.py"), *root.parent.joinpath("run").glob("*.py")]
    ]
    return {slug for text in texts for slug in SLUG.findall(text)}


def test_every_cause_that_code_names_has_its_page() -> None:
    assert len(named_in_code()) > 15
    assert named_in_code() <= set(causes())


@pytest.mark.parametrize("cause", causes())
def test_a_page_says_all_that_it_must(cause: str) -> None:
    text = page(cause)
    assert text.startswith(f"# {cause}\n\n")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == list(HEADINGS)
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("cause", causes())
def test_the_example_gets_its_cause(cause: str, capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", page(cause), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 -- our own page
    assert {finding.cause for finding in names["result"].findings} == {cause}
    assert cause in capsys.readouterr().out
