"""What a notebook shows of a result."""

import pytest

from gradcheck import check
from gradcheck.render import formats
from layers.article import ConvLayer


def test_a_result_is_one_line_and_a_section_of_html() -> None:
    result = check(ConvLayer((5, 6, 3), (3, 2), 2))
    assert repr(result) == "<Result fail: ConvLayer; bias: 2 of 2 wrong (constant-factor)>"
    shown = result._repr_html_()
    assert shown.startswith('<div class="gradcheck"')
    assert "layer_depth" in shown
    assert "<script" not in shown


def test_without_the_extra_a_notebook_shows_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "find_spec", lambda package: None)
    shown = check(ConvLayer((5, 6, 3), (3, 2), 2))._repr_html_()
    assert shown.startswith("<pre>FAIL  ConvLayer")
