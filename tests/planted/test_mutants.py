"""Mutants of a reference layer's backward: found, but for those that are explained. All of them: reports/mutants.md."""

import pytest

from reports.mutants import EXPLAINED, killed, mutants
from tests.thinned import thinned

MADE = list(mutants("fully_connected"))


@pytest.mark.parametrize("mutant", thinned(MADE, 2, lambda mutant: mutant.what))
def test_a_mutant_is_found(mutant):
    assert killed(mutant) or (mutant.file, mutant.what) in EXPLAINED


def test_every_kind_is_made():
    assert {"transpose", "operand", "axis", "sign", "missing term"} <= {mutant.kind for mutant in MADE}
