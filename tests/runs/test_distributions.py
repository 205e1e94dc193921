"""Which installed distributions bring what a script imports."""

from __future__ import annotations

import importlib.machinery
import json

import pytest

from kohakuengine.runs.distributions import imported_distributions


@pytest.fixture
def install(tmp_path):
    """Lay down the record of a distribution, and find what brings the given names."""

    def install(record, files=(), folder="site", **texts):
        place = tmp_path / folder / record
        place.mkdir(parents=True)
        if files:
            (place / "RECORD").write_text("".join(f"{name},sha256=0,1\n" for name in files))
        for name, text in texts.items():
            (place / name.replace("__", ".")).write_text(text)
        return place

    return install


@pytest.fixture
def brings(tmp_path):
    return lambda *names: imported_distributions(names, [str(tmp_path / "site")])


BINARY = importlib.machinery.EXTENSION_SUFFIXES[0]


@pytest.mark.parametrize(
    "file", ["yaml/__init__.py", "yaml.py", f"yaml{BINARY}", f"yaml/__init__{BINARY}"]
)
def test_distribution_of_another_name(file, install, brings):
    """A distribution is found by the modules it brings, and called as it calls itself."""
    install("pyyaml-6.0.2.dist-info", ["a.py", file], METADATA="Name: PyYAML\nVersion: 6.0.2\n\n")
    install("numpy-2.0.dist-info", ["numpy/__init__.py", "numpy/yaml.py", "yaml_tools.py"])
    assert brings("yaml") == {"PyYAML": "6.0.2"}
    assert brings("yaml.nodes", "other") == {"PyYAML": "6.0.2"}


def test_only_what_is_imported(install, brings):
    """Other distributions aren't named, nor is one that merely has the name of the module."""
    install("numpy-2.0.dist-info", ["numpy/__init__.py"])
    install("torch-2.5.dist-info", ["torch/__init__.py"])
    install("yaml-1.0.dist-info", ["something_else.py"])
    assert brings("numpy", "yaml") == {"numpy": "2.0"}


def test_namespace_of_many_distributions(install, brings):
    """Of distributions that share a package without __init__, the one in use is named."""
    install("google_cloud_storage-3.0.dist-info", ["google/cloud/storage/__init__.py"])
    install("protobuf-5.0.dist-info", ["google/protobuf/__init__.py"])
    assert brings("google.cloud.storage") == {"google_cloud_storage": "3.0"}
    assert brings("google.protobuf.message") == {"protobuf": "5.0"}
    assert brings("google.other") == {}


def test_first_folder_counts(install, brings, tmp_path):
    """Of two versions, the one that is imported is named."""
    install("tool-1.0.dist-info", ["tool.py"])
    install("tool-2.0.dist-info", ["tool.py"], folder="later")
    folders = [str(tmp_path / "nowhere"), str(tmp_path / "site"), str(tmp_path / "later")]
    assert imported_distributions(["tool"], folders) == {"tool": "1.0"}


def test_editable_with_a_pointer(install, brings, tmp_path):
    """A distribution installed for editing is found by the folder that its .pth file names."""
    (tmp_path / "checkout/model").mkdir(parents=True)
    (tmp_path / "checkout/model/__init__.py").touch()
    url = json.dumps({"url": "file:///x", "dir_info": {"editable": True}})
    install("my_model-0.1.dist-info", ["_my_model.pth"], direct_url__json=url)
    (tmp_path / "site/_my_model.pth").write_text(f"import site\n{tmp_path / 'checkout'}\n")
    assert brings("model.nets") == {"my_model": "0.1"}
    assert brings("nets") == {}


def test_editable_with_a_finder(install, brings):
    """A distribution installed for editing is found by the modules it says it has."""
    url = json.dumps({"url": "file:///x", "dir_info": {"editable": True}})
    files = ["__editable___my_model_finder.py"]
    install("my_model-0.1.dist-info", files, direct_url__json=url, top_level__txt="model\nother\n")
    assert brings("model.nets") == {"my_model": "0.1"}


def test_egg_info(install, brings):
    """Records of old installers are understood."""
    install("Old-1.2-py3.11.egg-info", **{"installed-files__txt": "../old/__init__.py\nPKG-INFO\n"})
    install("Dev.egg-info", top_level__txt="dev\n", **{"PKG-INFO": "Name: Dev\nVersion: 3\n"})
    assert brings("old", "dev") == {"Old": "1.2", "Dev": "3"}


def test_records_that_are_broken(install, brings, tmp_path):
    """A record that isn't one hides none of the others."""
    install("a-1.dist-info")
    (tmp_path / "site/b-1.dist-info").write_text("not a folder")
    (install("c-1.dist-info") / "RECORD").write_bytes(b"\xff\xfe\x00")
    install("tool-1.0.dist-info", ["tool.py"])
    assert brings("tool", "a", "b", "c") == {"tool": "1.0"}


def test_what_is_installed_here():
    """What these tests import is found where they run, whichever way it was installed."""
    from importlib.metadata import version

    found = imported_distributions({"pytest.mark", "hypothesis.strategies", "cloudpickle"})
    assert found == {name: version(name) for name in ("cloudpickle", "hypothesis", "pytest")}
