"""What a script consists of, and how that is kept."""

from __future__ import annotations

import os
import shutil
import sys

import pytest

import kohakuengine.runs.sources as searched
from kohakuengine.runs.sources import Source, code_digest, find_sources, keep_sources


def _put(folder, *files, text=""):
    """Write files of that text below a folder."""
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.fixture
def find(tmp_path):
    """The sources of a script with that text, which lies in `tmp_path`."""

    def find(text, *others):
        data = text.encode() if isinstance(text, str) else text
        folders = [str(tmp_path / other) for other in others]
        return find_sources(str(tmp_path / "train.py"), data, str(tmp_path), folders)

    return find


@pytest.fixture
def names(find):
    """The relative names of a script's local imports."""
    return lambda text, *others: sorted(source.name for source in find(text, *others)[1:])


def test_script_alone(tmp_path, find):
    """A script without imports of its own folder consists of itself."""
    (found,) = find("import os, json")
    assert (found.path, found.name) == (str(tmp_path / "train.py"), "train.py")
    assert found.text == b"import os, json"


IMPORTS = {
    "import model": ["model.py"],
    "import model as m, other": ["model.py", "other.py"],
    "from model import net": ["model.py"],
    "from model import *": ["model.py"],
    "x = 1; import model": ["model.py"],
    "def f():\n    import model": ["model.py"],
    "class A:\n    async def f(self):\n        from model import x": ["model.py"],
    "try:\n    import nowhere\nexcept ImportError:\n    import model": ["model.py"],
    "try: pass\nexcept: pass\nelse: import model\nfinally: import other": ["model.py", "other.py"],
    "if 0: pass\nelif 1: import model\nelse: import other": ["model.py", "other.py"],
    "for x in y:\n    while z:\n        with a: import model": ["model.py"],
    "match x:\n    case 1:\n        import model": ["model.py"],
    "import pkg": ["pkg/__init__.py"],
    "import pkg.sub.deep": ["pkg/__init__.py", "pkg/sub/__init__.py", "pkg/sub/deep.py"],
    "from pkg import mod, value": ["pkg/__init__.py", "pkg/mod.py"],
    "from pkg.sub import deep": ["pkg/__init__.py", "pkg/sub/__init__.py", "pkg/sub/deep.py"],
    "import space.inner": ["space/inner.py"],
    "from space import inner": ["space/inner.py"],
    "import space": [],
    "import model.nothing": ["model.py"],
    "from . import model": [],  # Python refuses it in a script
    "import nowhere": [],
    "x = 'import model'": [],
}


@pytest.mark.parametrize("text", IMPORTS)
def test_imports_are_found(text, names, tmp_path):
    """Each form of import is followed, wherever it stands."""
    _put(tmp_path, "model.py", "other.py", "space/inner.py")
    _put(tmp_path, "pkg/__init__.py", "pkg/mod.py", "pkg/sub/__init__.py", "pkg/sub/deep.py")
    assert names(text) == IMPORTS[text]


RELATIVE = {
    "from . import mod": ["pkg/sub/mod.py"],
    "from .mod import x": ["pkg/sub/mod.py"],
    "from .. import mod": ["pkg/mod.py"],
    "from ..mod import x": ["pkg/mod.py"],
    "from ... import mod": [],  # beyond the top-level package
}


@pytest.mark.parametrize("text", RELATIVE)
def test_relative_imports(text, names, tmp_path):
    """Relative imports start from the package of the module they are in."""
    _put(tmp_path, "mod.py", "pkg/__init__.py", "pkg/mod.py", "pkg/sub/mod.py")
    _put(tmp_path, "pkg/sub/__init__.py", "pkg/sub/here.py", text=text)
    packages = ["pkg/__init__.py", "pkg/sub/__init__.py"]
    assert names("import pkg.sub") == sorted([*packages, *RELATIVE[text]])
    assert names("import pkg.sub.here") == sorted([*packages, "pkg/sub/here.py", *RELATIVE[text]])


def test_script_within_a_package(tmp_path):
    """A script run as a module imports its packages, and may import relative to them."""
    _put(tmp_path, "pkg/__init__.py", "pkg/model.py")
    found = find_sources(str(tmp_path / "pkg/train.py"), b"from . import model", str(tmp_path))
    assert [source.name for source in found] == ["pkg/train.py", "pkg/__init__.py", "pkg/model.py"]


def test_imports_of_imports(names, tmp_path):
    """Imports are followed to the end, and circles end."""
    _put(tmp_path, "a.py", text="import b")
    _put(tmp_path, "b.py", text="import a, c, train")
    _put(tmp_path, "c.py")
    assert names("import a") == ["a.py", "b.py", "c.py"]  # train.py doesn't exist on disk


def test_module_that_imports_the_script(names, tmp_path):
    """The script counts once, also where a module of its own imports it."""
    _put(tmp_path, "train.py", "a.py", text="import train")
    assert names("import a") == ["a.py"]


def test_modules_listed_by_a_package(names, tmp_path):
    """Modules that `from package import *` brings through `__all__` are found."""
    _put(tmp_path, "pkg/__init__.py", text="__all__ = ['mod', 'value']")
    _put(tmp_path, "pkg/mod.py", "pkg/other.py")
    assert names("from pkg import *") == ["pkg/__init__.py", "pkg/mod.py"]


def test_first_folder_wins(find, tmp_path):
    """A module in the script's folder hides one of that name in the folders after it."""
    _put(tmp_path, "model.py", text="here")
    _put(tmp_path, "lib/model.py", "lib/extra.py", text="there")
    found = {source.name: source.text for source in find("import model, extra", "lib")[1:]}
    assert found == {"model.py": b"here", "extra.py": b"there"}


def test_package_hides_module_and_folder(names, tmp_path):
    """Of one name, a package comes before a module, and that before a folder without __init__."""
    _put(tmp_path, "a/__init__.py", "a.py", "b/inner.py", "lib/b.py")
    assert names("import a, b.inner", "lib") == ["a/__init__.py", "b.py"]


def test_folder_in_two_places(names, tmp_path):
    """A package without __init__ may lie in several folders."""
    _put(tmp_path, "space/one.py", "lib/space/two.py")
    assert names("import space.one, space.two", "lib") == ["space/one.py", "space/two.py"]


def test_local_module_named_as_one_of_python(names, tmp_path):
    """A local json.py is what a script imports, a local sys.py or os.py isn't."""
    _put(tmp_path, "json.py", "sys.py", "os.py", "io.py")
    assert names("import json, sys, os, io") == ["json.py"]


def test_folder_named_as_a_module_of_python(names, tmp_path):
    """A folder without __init__ doesn't hide a module of Python's own."""
    _put(tmp_path, "email/inner.py")
    assert names("import email.inner") == []


@pytest.mark.parametrize("folder", ["site-packages", "dist-packages"])
def test_installed_modules_are_left(find, names, tmp_path, folder):
    """What is installed isn't a part of the script; its names are kept."""
    _put(tmp_path, f"lib/{folder}/tool.py", f"{folder}/inner.py")
    found = find("import tool", f"lib/{folder}")
    assert [source.name for source in found] == ["train.py"]
    assert found[0].imports == {"tool"}


def test_python_own_modules_are_left(tmp_path):
    """Modules of Python's library are no sources, even of a script that is one of them."""
    folder = os.path.dirname(os.__file__)
    script = os.path.join(folder, "this.py")
    assert len(find_sources(script, b"import json.decoder, bdb", folder)) == 1


def test_imports_from_elsewhere(find, tmp_path):
    """The names of what is neither local nor Python's own are kept, in full."""
    _put(tmp_path, "model.py", text="from torch.nn import functional")
    _put(tmp_path, "wandb/run-1/log.txt")
    script, model = find("import json, model, numpy.linalg, wandb\nfrom model import net")
    assert script.imports == {"numpy.linalg", "wandb"}
    assert model.imports == {"torch.nn.functional"}


UNPARSABLE = [
    b"import model\nx = (",
    b"import model\0",
    b"# coding: nowhere\nimport model",
    b"\xff",
]


@pytest.mark.parametrize("text", UNPARSABLE)
def test_script_that_does_not_parse(text, names, tmp_path):
    """Of a script that doesn't parse, the script itself is found."""
    _put(tmp_path, "model.py")
    assert names(text) == []


def test_module_that_does_not_parse(names, tmp_path):
    """A module that doesn't parse is a source, as any other."""
    _put(tmp_path, "model.py", text="x = (")
    assert names("import model") == ["model.py"]


@pytest.mark.parametrize(
    "text", ["\ufeffimport modèle".encode(), "# coding: latin-1\nimport modèle".encode("latin-1")]
)
def test_encodings(text, names, tmp_path):
    """A byte order mark and a coding line are understood."""
    _put(tmp_path, "modèle.py")
    assert names(text) == ["modèle.py"]


def test_warnings_of_the_parser_are_silent(names, tmp_path):
    r"""A "\d", for which Python warns, neither warns here nor hides imports."""
    _put(tmp_path, "model.py")
    assert names(r"import model; x = '\d'; y = 1 is 1") == ["model.py"]


def test_nothing_is_imported(names, tmp_path):
    """Looking for sources executes nothing of them."""
    _put(tmp_path, "never_imported/__init__.py", text="raise SystemExit")
    assert names("import never_imported") == ["never_imported/__init__.py"]
    assert "never_imported" not in sys.modules


def test_edited_module_is_read_anew(names, tmp_path):
    """A module that was edited is followed as it is now."""
    _put(tmp_path, "a.py", "b.py", "c.py", text="import b")
    assert names("import a") == ["a.py", "b.py"]
    _put(tmp_path, "a.py", text="import c")
    assert names("import a") == ["a.py", "b.py", "c.py"]


def test_large_file_is_named(find, tmp_path, monkeypatch):
    """A file over the limit is named, without its text; its changes count."""
    monkeypatch.setattr(searched, "MOST_BYTES", 20)
    _put(tmp_path, "model.py", text="import other # " + "x" * 50)
    _put(tmp_path, "other.py")
    before = find("import model")
    assert [(source.name, source.text) for source in before[1:]] == [("model.py", None)]
    assert "larger than 20 bytes" in before[1].left_out
    _put(tmp_path, "model.py", text="import other # " + "x" * 49 + "y")
    assert code_digest(find("import model")) != code_digest(before)


def test_files_beyond_the_limit_are_named(find, tmp_path, monkeypatch):
    """Beyond the limit, files are named without their text, and not followed."""
    monkeypatch.setattr(searched, "MOST_FILES", 3)
    _put(tmp_path, *(f"m{number}.py" for number in range(5)), text="import m4")
    found = find("import m0, m1, m2, m3")
    assert [source.text is not None for source in found] == [True, True, True, False, False, False]
    assert "over 3 files" in found[-1].left_out


def test_file_that_cannot_be_read(tmp_path, find, monkeypatch):
    """A module that can't be read is named, with the reason."""
    _put(tmp_path, "model.py")

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(searched, "open", refuse, raising=False)
    _, model = find("import model")
    assert model.text is None
    assert model.left_out == "it can't be read: Permission denied"


def test_pipe_named_as_a_module(names, tmp_path):
    """A pipe, which would wait for ever, isn't read."""
    os.mkfifo(tmp_path / "model.py")
    assert names("import model") == []


def test_package_within_itself(names, tmp_path, monkeypatch):
    """Folders that link to themselves end at the limit."""
    monkeypatch.setattr(searched, "MOST_FILES", 5)
    _put(tmp_path, "pkg/__init__.py", text="from . import pkg")
    (tmp_path / "pkg/pkg").symlink_to(tmp_path / "pkg")
    assert len(names("import pkg")) == 5


def test_very_long_names(names):
    """A name of thousands of parts is no module, and no reason to fail."""
    assert names("import " + ".".join(["a"] * 20_000)) == []


def test_script_behind_a_link(tmp_path):
    """A script that is a link is named as the file in its import folder."""
    _put(tmp_path, "real/train.py", text="import model")
    _put(tmp_path, "real/model.py", text="import train")
    (tmp_path / "link.py").symlink_to(tmp_path / "real/train.py")
    found = find_sources(str(tmp_path / "link.py"), b"import model", str(tmp_path / "real"))
    assert found[0].name == "train.py"
    assert {source.name for source in found} == {"train.py", "model.py"}


def test_digest_is_the_same_in_another_place(tmp_path):
    """A moved checkout is the same code."""
    _put(tmp_path / "here", "pkg/model.py", "lib/extra.py", text="x = 1")
    shutil.copytree(tmp_path / "here", tmp_path / "there")
    text = b"import pkg.model, extra"
    digests = set()
    for home in (tmp_path / "here", tmp_path / "there"):
        found = find_sources(str(home / "train.py"), text, str(home), [str(home / "lib")])
        assert len(found) == 3
        digests.add(code_digest(found))
    assert len(digests) == 1


def test_digest_differs_with_any_text(find, tmp_path):
    """A change in the script or in any of its imports is another code; in other files it isn't."""
    _put(tmp_path, "model.py", "unused.py", text="x = 1")
    before = code_digest(find("import model"))
    _put(tmp_path, "unused.py", text="x = 2")
    assert code_digest(find("import model")) == before
    assert code_digest(find("import model ")) != before
    _put(tmp_path, "model.py", text="x = 2")
    assert code_digest(find("import model")) != before


def test_digest_differs_with_names():
    """The same texts under other names are another code."""
    one = [Source("/a.py", b"1"), Source("/b.py", b"2")]
    other = [Source("/a.py", b"2"), Source("/b.py", b"1")]
    assert code_digest(one) != code_digest(other)


def test_digest_knows_no_order():
    """Neither order nor repeats count."""
    one, other = Source("/a.py", b"1"), Source("/b.py", b"2")
    assert code_digest([one, other]) == code_digest([other, one, other])


def test_kept_under_relative_names(find, tmp_path):
    """Sources are kept as they were read, where they lay, and named with their digest."""
    _put(tmp_path, "pkg/__init__.py", "pkg/model.py", text="x = '\r\n'")
    sources = find("import pkg.model")
    records = keep_sources(sources, str(tmp_path / "kept"))
    assert [record["kept"] for record in records] == [source.name for source in sources]
    for source, record in zip(sources, records, strict=True):
        assert record == {"path": source.path, "kept": source.name, "digest": source.digest}
        assert (tmp_path / "kept" / record["kept"]).read_bytes() == source.text


def _kept_texts(folder, sources):
    """What is in the files that sources are said to be kept in."""
    names = [record["kept"] for record in keep_sources(sources, str(folder))]
    texts = []
    for name in names:
        path = os.path.join(folder, name)
        assert os.path.realpath(path).startswith(os.path.realpath(folder) + os.sep)
        with open(path, "rb") as file:
            texts.append(file.read())
    return names, texts


def test_clash_of_names(tmp_path):
    """Scripts of one name from different folders are both kept."""
    sources = [Source("/a/train.py", b"1"), Source("/b/train.py", b"2")]
    names, texts = _kept_texts(tmp_path, sources)
    assert texts == [b"1", b"2"]
    assert names[0] == "train.py" and names[1].endswith("/train.py")


def test_file_and_folder_of_one_name(tmp_path):
    """A script may have the name of another's package."""
    package = Source("/b/train/model.py", b"2", "train/model.py")
    script = Source("/a/train", b"1")
    assert _kept_texts(tmp_path / "one", [script, package])[1] == [b"1", b"2"]
    assert _kept_texts(tmp_path / "other", [package, script])[1] == [b"2", b"1"]


def test_repeats_are_kept_once(tmp_path):
    """What two scripts share is kept once, also when it is kept again later."""
    model = Source("/a/model.py", b"1")
    assert len(keep_sources([model, Source("/a/model.py", b"1")], str(tmp_path))) == 1
    assert keep_sources([model], str(tmp_path))[0]["kept"] == "model.py"
    assert os.listdir(tmp_path) == ["model.py"]


def test_what_was_kept_is_never_overwritten(tmp_path):
    """An edited script is kept beside what it was."""
    before, _ = _kept_texts(tmp_path, [Source("/a/train.py", b"1")])
    after, texts = _kept_texts(tmp_path, [Source("/a/train.py", b"2")])
    assert before != after and texts == [b"2"]
    assert (tmp_path / before[0]).read_bytes() == b"1"


HOSTILE = {
    "spaces and quotes": " a 'b' \"c\" .py",
    "newline": "a\nb.py",
    "200 characters": "x" * 200 + ".py",
    "all a name can have": "x" * 252 + ".py",
    "not UTF-8": "a\udcff.py",
    "backslash": "a\\b.py",
    "dots": "..py",
    "not ASCII": "训练.py",
    "dash": "-rf",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_names(kind, tmp_path):
    """Any name that a file can have is kept, and stands in the record."""
    path = tmp_path / HOSTILE[kind]
    path.write_bytes(b"import model")
    _put(tmp_path, "model.py")
    sources = find_sources(str(path), path.read_bytes(), str(tmp_path))
    names, texts = _kept_texts(tmp_path / "kept", sources)
    assert texts == [b"import model", b""] and len(code_digest(sources)) == 32


@pytest.mark.parametrize("name", ["../../out.py", "/out.py", "a/../../out.py", "", "a//b", "."])
def test_names_that_lead_outside(name, tmp_path):
    """A name can't lead out of the folder."""
    _, texts = _kept_texts(tmp_path / "deep" / "kept", [Source("/a.py", b"1", name)])
    assert texts == [b"1"]


def test_path_beyond_all_limits(tmp_path):
    """A relative name that is too long for the store is kept under a short one."""
    name = "/".join(["x" * 200] * 20) + ".py"
    assert _kept_texts(tmp_path, [Source("/" + name, b"1", name)])[1] == [b"1"]


def test_name_of_the_difference_is_free(tmp_path):
    """A script can't take the name of the file with the uncommitted difference."""
    names, texts = _kept_texts(tmp_path, [Source("/uncommitted.diff", b"1")])
    assert texts == [b"1"] and not (tmp_path / "uncommitted.diff").exists()


def test_left_out_files_are_in_the_record(tmp_path):
    """What has no text is named with the reason."""
    source = Source("/a/big.py", None, digest="0f", left_out="it is larger")
    assert keep_sources([source], str(tmp_path)) == [
        {"path": "/a/big.py", "kept": None, "digest": "0f", "left_out": "it is larger"}
    ]


def test_folder_that_cannot_be_written(tmp_path):
    """A store that can't be written is an error, not a silent loss."""
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError):
        keep_sources([Source("/a.py", b"1")], str(tmp_path / "file"))
