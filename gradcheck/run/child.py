"""One child process: started, listened to, stopped with all that it started."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Any, Self

import gradcheck.run
from gradcheck.base.errors import Failure
from gradcheck.base.stage import Doing
from gradcheck.run.capture import Capture
from gradcheck.run.messages import Job, Tick, from_bytes, to_bytes

_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from gradcheck.run.worker import main; main(sys.argv[2])"
)
_NOWHERE = os.path.join(os.devnull, "hypothesis")  # noqa: PTH118 -- no folder: a .hypothesis is not written unasked
_PATIENCE = 0.2  # seconds between two looks at the process while it is silent


class Child:
    """A worker for one job. The user's code runs there, with an empty stdin, its output captured."""

    def __init__(self, job: Job, watch: Callable[[Doing], None]) -> None:
        """watch: told what is being done, where the job asks for that."""
        self.capture = Capture()
        self._watch = watch
        ours, theirs = Pipe()
        self._pipe: Connection[Any, Any] = ours
        command = [sys.executable, "-P", "-u", "-c", _BOOT, json.dumps(_search_path()), str(theirs.fileno())]
        self._process = subprocess.Popen(  # noqa: S603 -- our own interpreter
            command,
            stdin=subprocess.DEVNULL,
            stdout=self.capture.descriptor,
            stderr=subprocess.STDOUT,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
            env={"MPLBACKEND": "Agg", "HYPOTHESIS_STORAGE_DIRECTORY": _NOWHERE, **os.environ},
        )
        theirs.close()
        self._send(job)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._kill()
        self._pipe.close()
        self.capture.__exit__(kind, error, at)

    def receive(self, seconds: float, stop: Event) -> Any | Failure:
        """The next message, or what stopped the child: its end, the time limit, or `stop` (within _PATIENCE)."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and not stop.is_set():
            gone = self._process.poll() is not None
            if self._pipe.poll(0 if gone else min(left, _PATIENCE)):
                message = self._read()
                if not isinstance(message, Tick):
                    return message
                self._watch(message.doing)
                continue
            self.capture.bound()
            if gone:
                return self._end()
        return Failure("Timeout", f"was not finished within the time limit of {seconds:g} s (--timeout)")

    def _read(self) -> Any | Failure:
        try:
            return from_bytes(self._pipe.recv_bytes())
        except (EOFError, OSError):
            return self._end()
        except Exception as error:
            return Failure("Unreadable", f"gave a result that cannot be read: {error}")

    def _send(self, job: Job) -> None:
        try:
            self._pipe.send_bytes(to_bytes(job))
        except OSError:
            return  # it died at once: receive() tells how

    def _end(self) -> Failure:
        """How the process ended; one that only closed the pipe is ended by us."""
        try:
            status = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return Failure("Exit", "closed its process's connection to gradcheck")
        if status >= 0:
            return Failure("Exit", f"ended its own process with exit status {status} (os._exit?)")
        return Failure("Killed", f"ended because its process was killed by {_signal(-status)}")

    def _kill(self) -> None:
        """The whole process group."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            self._process.kill()
        self._process.wait()


def _signal(number: int) -> str:
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"


def _search_path() -> list[str]:
    """Ours without the current folder: a `random.py` there must not stand in for Python's own.

    The folder that holds this gradcheck goes first where it would be missing: another may be installed.
    """
    home = str(Path(gradcheck.run.__file__).parent.parent.parent)
    here = {"", str(Path.cwd())}
    entries = [entry for entry in sys.path if entry not in here]
    return entries if home in entries else [home, *entries]
