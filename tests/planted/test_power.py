"""Under other seeds too every planted fault is found, its twin passes and nothing is named wrongly; `make power`: 100.

The held-out faults have three seeds in test_planted.py; of the others seeds 1 and 2 each have every fourth here.
"""

import pytest

from reports.power import trial, wrong
from reports.recall import SUBJECTS, flagged
from tests.planted.corpus import CORPUS, HELD_OUT
from tests.thinned import thinned

SEEDS = (1, 2)
OWN = [place for place, planted in enumerate(CORPUS) if planted.name not in HELD_OUT][::2]
TRIALS = [(place, SEEDS[number % 2]) for number, place in enumerate(OWN)]
RIGHT = [place for place, subject in enumerate(SUBJECTS) if not subject.at_fault][::5]
CORRECT = [(place, SEEDS[number % 2]) for number, place in enumerate(RIGHT)]


@pytest.mark.parametrize(("place", "seed"), thinned(TRIALS, 2, lambda trial: f"{CORPUS[trial[0]].name}-{trial[1]}"))
def test_found_under_other_seeds(place, seed):
    done = trial(place, seed)
    assert done.found
    assert not wrong(done)


@pytest.mark.parametrize(("place", "seed"), thinned(CORRECT, 2, lambda trial: f"{SUBJECTS[trial[0]].name}-{trial[1]}"))
def test_a_correct_layer_passes_under_other_seeds(place, seed):
    assert not flagged(place, seed)


def test_there_are_enough_faults():
    assert len(CORPUS) >= 200
    assert len({subject.name for subject in SUBJECTS}) == len(SUBJECTS)
