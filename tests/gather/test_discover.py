"""What a module offers: classes, pairs, notes; nothing is skipped silently."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from gradcheck.gather.bases import inherited_names, is_unfinished
from gradcheck.gather.discover import offer
from gradcheck.gather.family import Offer
from gradcheck.gather.load import load
from gradcheck.gather.targets import Source, resolve

FORWARD = "    def forward(self, x): return x\n"
BOTH = f"{FORWARD}    def backward(self, d): return d\n"


@pytest.fixture(autouse=True)
def modules() -> Iterator[None]:
    """What a test imports is forgotten after it."""
    before, path = dict(sys.modules), list(sys.path)
    yield
    sys.modules.clear()
    sys.modules.update(before)
    sys.path[:] = path


def offered(folder: Path, source: str, only: str | None = None) -> Offer:
    (folder / "mine.py").write_text(source, encoding="utf-8")
    sources = resolve("mine.py" if only is None else f"mine.py:{only}", folder)
    assert isinstance(sources, list)
    return offer(load(sources[0]), sources[0], inherited_names([folder / "mine.py"]))


def labels(found: Offer) -> list[str]:
    return [family.label for family in found.families]


def test_classes_and_pairs_in_order_and_only_the_modules_own(tmp_path: Path) -> None:
    source = (
        "from layers import FCLayer, tanh, tanh_prime\n"
        f"class A:\n{BOTH}class B:\n{BOTH}def f(x): return x\ndef f_prime(x): return 1\nclass Plain:\n    pass\n"
    )
    found = offered(tmp_path, source)
    assert labels(found) == ["A", "B", "f"]
    assert (found.problems, found.notes) == ((), ())
    assert [family.authored for family in found.families] == [False] * 3


@pytest.mark.parametrize(
    ("names", "taken"),
    [
        (("forward_propagation", "backward_propagation"), True),
        (("forward_prop", "backward_prop"), True),
        (("forward_pass", "backward_pass"), True),
        (("forward", "backward"), True),
        (("forward", "backward_propagation"), False),
    ],
)
def test_spellings(tmp_path: Path, names: tuple[str, str], taken: bool) -> None:
    source = f"class A:\n    def {names[0]}(self, x): return x\n    def {names[1]}(self, d): return d\n"
    found = offered(tmp_path, source)
    assert labels(found) == (["A"] if taken else [])
    if not taken:
        assert "mine.py:A has forward and backward_propagation, which are not of one spelling" in found.notes[0]


STUB = "    def forward(self, x): {forward}\n    def backward(self, d): {backward}\n"


@pytest.mark.parametrize(
    ("body", "head"),
    [
        (STUB.format(forward="raise NotImplementedError", backward="raise NotImplementedError()"), ""),
        (STUB.format(forward="raise NotImplementedError('do')", backward="return d"), ""),
        (STUB.format(forward="pass", backward="..."), ""),
        (STUB.format(forward="'''Only words.'''", backward="return d"), ""),
        (
            "    @abstractmethod\n" + STUB.format(forward="return x", backward="return d"),
            "from abc import abstractmethod\n",
        ),
    ],
    ids=["raises", "one raises", "empty", "docstring", "abstract"],
)
def test_a_base_with_an_heir_is_a_note_and_without_one_is_built(tmp_path: Path, body: str, head: str) -> None:
    base = f"{head}class Base:\n{body}"
    found = offered(tmp_path, f"{base}class Heir(Base):\n{BOTH}")
    assert labels(found) == ["Heir"]
    assert found.notes == ("mine.py:Base is an abstract base: not checked",)
    (tmp_path / "alone").mkdir()
    assert labels(offered(tmp_path / "alone", base)) == ["Base"]


def test_a_base_that_does_something_is_checked(tmp_path: Path) -> None:
    found = offered(tmp_path, f"class Base:\n{BOTH}class Heir(Base):\n    pass\n")
    assert labels(found) == ["Base", "Heir"]


def test_unfinished_is_decided_without_calling(tmp_path: Path) -> None:
    module = ModuleType("made")
    exec(f"class A:\n{BOTH}", vars(module))  # noqa: S102 -- a class without a source file
    assert not is_unfinished(module.A)


@pytest.mark.parametrize(
    ("source", "note"),
    [
        (f"class A:\n{FORWARD}", "mine.py:A has forward but no backward: not checked"),
        ("class A:\n    def backward(self, d): return d\n", "mine.py:A has backward but no forward: not checked"),
        (
            f"class Network:\n    def __init__(self): self.layers = []\n    def add(self, layer): pass\n{FORWARD}",
            "mine.py:Network is empty until layers are added to it",
        ),
    ],
)
def test_half_a_layer_is_a_note(tmp_path: Path, source: str, note: str) -> None:
    found = offered(tmp_path, source)
    assert labels(found) == []
    assert found.notes[0].startswith(note)


def test_with_cases_the_classes_left_out_are_notes(tmp_path: Path) -> None:
    cases = "def gradcheck_cases():\n    import numpy as np\n    yield B(), np.ones(3)\n"
    found = offered(tmp_path, f"class Base:\n{BOTH}class B(Base):\n    pass\nclass C:\n{BOTH}{cases}")
    assert labels(found) == ["B"]
    assert found.notes == ("mine.py:C is in no case of gradcheck_cases(): not checked",)


def test_one_class_asked_for(tmp_path: Path) -> None:
    source = f"class Alpha:\n{BOTH}class Beta:\n{BOTH}class Half:\n    def forward(self, x): return x\n"
    found = offered(tmp_path, source, "Beta")
    assert (labels(found), found.problems, found.notes) == (["Beta"], (), ())
    assert offered(tmp_path, source, "Half").notes == ("mine.py:Half has forward but no backward: not checked",)


@pytest.mark.parametrize(
    ("name", "hint"), [("Alpah", "did you mean Alpha?"), ("Zzz", "there is Alpha"), ("alpha", "did you mean Alpha?")]
)
def test_a_class_that_is_not_there(tmp_path: Path, name: str, hint: str) -> None:
    (problem,) = offered(tmp_path, f"class Alpha:\n{BOTH}", name).problems
    assert problem == type(problem)(f"mine.py:{name}", "Missing", f"mine.py has no {name} to check; {hint}")


def source_of(path: Path) -> Source:
    sources = resolve(str(path), path.parent)
    assert isinstance(sources, list)
    return sources[0]


def test_a_module_of_the_projects_is_imported_by_its_own_name(tmp_path: Path) -> None:
    for file, text in {"net/__init__.py": "", "net/a.py": "from net.b import NAME\n", "net/b.py": "NAME = 1\n"}.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text, encoding="utf-8")
    module = load(source_of(tmp_path / "net" / "a.py"))
    assert module.__name__ == "net.a"
    assert sys.path[0] == str(tmp_path)


@pytest.mark.parametrize("name", ["random.py", "json.py", "numpy.py", "layers.py", "my layer.py"])
def test_a_name_that_is_taken_is_loaded_by_its_place(tmp_path: Path, name: str) -> None:
    import layers  # noqa: F401 -- so that the name is taken

    (tmp_path / name).write_text("HERE = True\n", encoding="utf-8")
    module = load(source_of(tmp_path / name))
    assert module.HERE
    assert module.__file__ == str(tmp_path / name)
