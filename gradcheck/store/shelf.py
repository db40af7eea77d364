"""The folder of baselines: read with suspicion, written whole, never through a symbolic link."""

import os
import stat
from pathlib import Path

from gradcheck.base.errors import GradcheckError, UsageError
from gradcheck.base.files import write_whole
from gradcheck.store import strict
from gradcheck.store.baselines import Baseline, NewerError, from_bytes, slug, to_text
from gradcheck.store.strict import MalformedError

LARGEST = 16 * 2**20  # bytes of one file
_MEND = "Restore it, or delete it and update"
_LINK = "is a symbolic link, which is not followed. Put the file itself there"
_CAREFUL = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)  # a pipe must not make us wait


class DamagedError(GradcheckError):
    """A file that cannot be used as it is, and is left as it is."""


class Shelf:
    """Baselines below `folder`, one file a target.

    Raises UsageError where the folder, or one between it and `base` (the configuration's), is a symbolic
    link or no folder.
    """

    def __init__(self, folder: Path, base: Path) -> None:
        self.folder = folder
        between = [path for path in (folder, *folder.parents) if path != base and path.is_relative_to(base)]
        for path in between or [folder]:
            if path.is_symlink():
                raise UsageError(f"baselines: {path} is a symbolic link; name the folder itself")
            if path.exists() and not path.is_dir():
                raise UsageError(f"baselines: {path} is no folder")

    def names(self) -> list[str]:
        """Files that hold a baseline, or should."""
        try:
            return sorted(entry.name for entry in os.scandir(self.folder) if entry.name.endswith(".json"))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise UsageError(f"baselines: {self.folder} cannot be read: {error.strerror}") from error

    def read(self, name: str) -> Baseline:
        """The baseline in one file of the folder.

        Raises:
            DamagedError: it cannot be read, is too large or a link, or is no baseline of this schema.
        """
        try:
            baseline = from_bytes(self._bytes(self.folder / name))
        except NewerError as error:
            raise DamagedError(str(error)) from None
        except MalformedError as error:
            raise DamagedError(f"{error}. {_MEND}") from None
        if slug(baseline.target) != name:
            target = strict.short(baseline.target)
            raise DamagedError(f"is not the file of its target, {target}: that is {slug(baseline.target)}. {_MEND}")
        return baseline

    def write(self, baseline: Baseline) -> str:
        """The name of the file, written whole or not at all.

        Raises:
            DamagedError: a link stands in its place, it would be too large to be read again, or the folder
                cannot be written.
        """
        name, text = slug(baseline.target), to_text(baseline)
        path = self.folder / name
        if len(text) > LARGEST:
            raise DamagedError(f"would be larger than {_megabytes(LARGEST)}; give the layer fewer cases")
        if path.is_symlink():
            raise DamagedError(_LINK)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(path, text)
        except OSError as error:
            raise DamagedError(f"cannot be written: {error.strerror or error}") from error
        return name

    def remove(self, name: str) -> None:
        """Delete one file of the folder; DamagedError where that is not allowed."""
        try:
            (self.folder / name).unlink()
        except OSError as error:
            raise DamagedError(f"cannot be removed: {error.strerror or error}") from error

    def _bytes(self, path: Path) -> bytes:
        if path.is_symlink():
            raise DamagedError(_LINK)
        try:
            with open(path, "rb", opener=_opener) as stream:
                status = os.fstat(stream.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise DamagedError("is no regular file")
                data = stream.read(LARGEST + 1) if status.st_size <= LARGEST else b" " * (LARGEST + 1)
        except OSError as error:
            raise DamagedError(f"cannot be read: {error.strerror or error}") from error
        if len(data) > LARGEST:
            raise DamagedError(f"is larger than {_megabytes(LARGEST)}. {_MEND}")
        return data


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags | _CAREFUL)


def _megabytes(size: int) -> str:
    return f"{size // 2**20} MiB"
