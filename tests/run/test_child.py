"""What passes between parent and child, and what is kept of what user code prints."""

import os
import pickle

import pytest

from gradcheck.base.errors import Failure
from gradcheck.run.capture import KEPT, Capture
from gradcheck.run.messages import Key, Settled, from_bytes, plain, to_bytes
from tests.render.samples import convolution


class Strange:
    """Of no module that a message may name."""


def test_a_message_comes_back_equal() -> None:
    sent = Settled(Key("case", "A", 0, 1, 2), plain(convolution()))
    received = from_bytes(to_bytes(sent))
    assert received.key == sent.key
    assert received.result.findings == sent.result.findings
    assert list(received.result.leaves) == list(sent.result.leaves)


def test_nothing_of_the_users_is_imported_by_a_message() -> None:
    with pytest.raises(pickle.UnpicklingError, match=r"Strange does not belong in a result"):
        from_bytes(pickle.dumps(Strange()))


def test_the_last_2000_characters_are_kept() -> None:
    with Capture() as capture:
        os.write(capture.descriptor, b"first" + b"x" * 5000 + "é".encode() + b"last")
        assert capture.tail().endswith("élast")
        assert len(capture.tail()) == KEPT
        start = os.fstat(capture.descriptor).st_size
        assert capture.tail(start) == ""
        os.write(capture.descriptor, b"new")
        assert capture.tail(start) == "new"
        assert capture.tail(start, start + 2) == "ne", "what came later belongs to the next case"


def test_bytes_that_are_no_text_are_replaced() -> None:
    with Capture() as capture:
        os.write(capture.descriptor, b"\xff\xfeok")
        assert capture.tail() == "\ufffd\ufffdok"


def test_a_flood_is_cut() -> None:
    with Capture() as capture:
        for _ in range(17):
            os.write(capture.descriptor, b"y" * 2**20)
        os.write(capture.descriptor, b"the end")
        capture.bound()
        assert os.fstat(capture.descriptor).st_size < 5000
        assert capture.tail().endswith("the end")


def test_a_failure_is_plain_data() -> None:
    failure = Failure("Killed", "by signal 9", None, "last words")
    assert from_bytes(pickle.dumps(failure)) == failure
