"""Layers that misbehave: each costs itself alone, and says in one paragraph what it did and where."""

from pathlib import Path

import pytest

from tests.cli.tools import Ran, layer, one, process, write

GOOD = one("Good")
FORMS = 'class Strange(Exception):\n    def __str__(self):\n        raise ValueError("no")\n'
CLOSES = "closed or closed.append(os.close(1)); sys.stdout.close(); return input * 2.0"

RAISING = [
    layer("Raises", forward='raise ValueError(f"bad input {input.shape}")'),
    layer("Backward", backward='print("going back"); raise RuntimeError("no gradient")'),
    layer("Nothing", forward="self.x = input"),
    layer("Text", backward='return "hello"'),
    layer("Mapping", forward='return {"y": "text"}'),
    layer("Recurses", forward="return self.forward_propagation(input)"),
    layer("Leaves", forward="sys.exit(4)"),
    layer("Interrupts", forward="raise KeyboardInterrupt"),
    layer("Base", backward='raise BaseException("odd")'),
    layer("Stops", forward="raise StopIteration"),
    layer("Memory", forward="raise MemoryError"),
    layer("Reads", forward="line = sys.stdin.readline(); assert line, 'no line'; return input"),
    layer("Odd", head=FORMS, forward="raise Strange()"),
]
ENDING = {
    "kills.py": layer("Kills", forward='print("about to die", flush=True); os.kill(os.getpid(), 9)'),
    "exits.py": layer("Exits", backward="os._exit(0)"),
    "aborts.py": layer("Aborts", backward="os.abort()"),
    "shuts.py": layer("Shuts", forward="os.closerange(0, 100); return input"),
}
QUIET = {
    "good.py": GOOD,
    "chatters.py": one("Chatters", forward='print("{not json"); os.write(1, b"raw"); return input * 2.0'),
    "reads_all.py": one("ReadsAll", forward="self.read = sys.stdin.read(); return input * 2.0"),
    "closes.py": one("Closes", head="closed = []", forward=CLOSES),
    "threads.py": one("Threads", init="threading.Thread(target=time.sleep, args=(600,)).start()"),
    "starts.py": one("Starts", head="import subprocess\nsubprocess.Popen(['sleep', '600'])"),
    "shadows.py": one("Shadows", head="sys.exit = os._exit = None\nsys.stdout = sys.stderr = None"),
    "signals.py": one("Signals", head="import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)"),
}
NEVER = {
    "loops.py": layer("Loops", forward="\n        while True:\n            pass"),
    "imports.py": "import time\nprint('waiting', flush=True)\ntime.sleep(600)\n",
    "builds.py": layer("Builds", init="time.sleep(600)"),
    "yields.py": "import time\ndef gradcheck_cases():\n    time.sleep(600)\n    yield\n",
}


def run(folder: Path, files: dict[str, str], *options: str) -> Ran:
    """The files in order, JSON on stdout, the text in report.txt."""
    write(folder, files)
    return process(folder, "run", *files, "--no-config", "--format", "json", "--report", "text=report.txt", *options)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def raising(folder: Path) -> Ran:
    """All in one file, none of which costs the next one anything."""
    return run(folder / "raising", {"raising.py": "".join(RAISING), "good.py": GOOD})


@pytest.fixture(scope="module")
def ending(folder: Path) -> Ran:
    return run(folder / "ending", {**ENDING, "good.py": GOOD})


@pytest.fixture(scope="module")
def quiet(folder: Path) -> Ran:
    return run(folder / "quiet", QUIET)


@pytest.fixture(scope="module")
def never(folder: Path) -> Ran:
    return run(folder / "never", {**NEVER, "good.py": GOOD}, "--timeout", "1.5")


@pytest.mark.parametrize(
    ("name", "kind", "message", "line"),
    [
        ("Raises", "ValueError", "bad input (1, 5)", 12),
        ("Backward", "RuntimeError", "no gradient", 15),
        ("Nothing", "TypeError", "returned None", None),
        ("Text", "TypeError", "a str", None),
        ("Mapping", "TypeError", "returned a dict", None),
        ("Recurses", "RecursionError", "maximum recursion depth exceeded", 12),
        ("Leaves", "SystemExit", "4", 12),
        ("Interrupts", "KeyboardInterrupt", "KeyboardInterrupt", 12),
        ("Base", "BaseException", "odd", 15),
        ("Stops", "StopIteration", "StopIteration", 12),
        ("Memory", "MemoryError", "MemoryError", 12),
        ("Reads", "AssertionError", "no line", 12),
        ("Odd", "Strange", "its message cannot be made: ValueError", 15),
    ],
)
def test_a_layer_that_raises_is_an_error(raising: Ran, name: str, kind: str, message: str, line: int | None) -> None:
    """line: in the source of that layer alone."""
    (check,) = raising.checks(f"raising.py:{name}")
    before = next(number for number, text in enumerate(RAISING) if f"class {name}:" in text)
    where = line and f"raising.py:{''.join(RAISING[:before]).count(chr(10)) + line}"
    assert check["verdict"] == "error"
    assert (check["error"]["kind"], check["error"]["where"]) == (kind, where)
    assert message in check["error"]["message"]


def test_what_a_layer_printed_stands_beside_its_error(raising: Ran) -> None:
    (check,) = raising.checks(":Backward")
    assert check["error"]["output"].startswith("going back")


@pytest.mark.parametrize(
    ("target", "kind", "message"),
    [
        (":Kills", "Killed", "this case ended because its process was killed by signal 9 (SIGKILL)"),
        (":Exits", "Exit", "this case ended its own process with exit status 0"),
        (":Aborts", "Killed", "signal 6 (SIGABRT)"),
        (":Shuts", "Exit", "this case"),
    ],
)
def test_a_layer_that_ends_its_process_costs_itself_alone(ending: Ran, target: str, kind: str, message: str) -> None:
    (check,) = ending.checks(target)
    assert (check["verdict"], check["error"]["kind"]) == ("error", kind)
    assert message in check["error"]["message"]


def test_the_last_words_of_a_killed_layer_are_kept(ending: Ran) -> None:
    (check,) = ending.checks(":Kills")
    assert check["error"]["output"] == "about to die\n"


@pytest.mark.parametrize("name", ["raising", "ending", "never"])
def test_the_remaining_target_is_checked(name: str, request: pytest.FixtureRequest) -> None:
    ran: Ran = request.getfixturevalue(name)
    assert {check["verdict"] for check in ran.checks("good.py:Good")} == {"pass"}


def test_an_error_is_exit_1(raising: Ran, ending: Ran) -> None:
    assert (raising.code, ending.code) == (1, 1)


@pytest.mark.parametrize("file", QUIET)
def test_a_layer_that_is_only_odd_passes(quiet: Ran, file: str) -> None:
    checks = [check for check in quiet.record["checks"] if check["target"].startswith(f"{file}:")]
    assert {check["verdict"] for check in checks} == {"pass"}


def test_what_layers_print_does_not_reach_the_report(quiet: Ran, folder: Path) -> None:
    assert (quiet.code, quiet.record["problems"]) == (0, [])
    assert "not json" not in (folder / "quiet" / "report.txt").read_text(encoding="utf-8")


def test_a_layer_that_never_ends_is_an_error(never: Ran) -> None:
    (check,) = never.checks(":Loops")
    assert check["verdict"] == "error"
    assert check["error"]["kind"] == "Timeout"
    assert check["error"]["message"] == "this case was not finished within the time limit of 1.5 s (--timeout)"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("imports.py", "importing it was not finished within the time limit of 1.5 s (--timeout)"),
        ("builds.py:Builds", "building its cases was not finished within the time limit of 1.5 s (--timeout)"),
        ("yields.py", "calling gradcheck_cases() was not finished within the time limit of 1.5 s (--timeout)"),
    ],
)
def test_a_module_that_never_ends_is_a_problem(never: Ran, target: str, message: str) -> None:
    problem = never.problem(target)
    assert (problem["kind"], problem["message"]) == ("Timeout", message)


def test_the_last_words_of_a_hanging_import_are_kept(never: Ran) -> None:
    assert never.problem("imports.py")["output"] == "waiting\n"


def test_a_problem_is_exit_2(never: Ran) -> None:
    assert never.code == 2


@pytest.mark.parametrize("name", ["raising", "ending", "quiet", "never"])
def test_no_traceback_and_nothing_on_stderr(name: str, folder: Path, request: pytest.FixtureRequest) -> None:
    ran: Ran = request.getfixturevalue(name)
    text = (folder / name / "report.txt").read_text(encoding="utf-8")
    assert ran.err == ""
    assert "Traceback" not in ran.out + text
    assert max(map(len, text.splitlines())) <= 80
