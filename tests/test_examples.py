"""The examples: ordinary scripts that work plainly, and with each config written for them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import kohakuengine

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = sorted((ROOT / "examples" / "scripts").glob("*.py"))
CONFIGS = sorted((ROOT / "examples" / "configs").glob("*.py"))
KINDS = ("bare", "static", "generator", "workers", "template", "secret", "study")

Shell = Callable[..., "subprocess.CompletedProcess[str]"]

# The last line that each script prints by itself.
PLAIN = {
    "count_primes": "2262 primes below 20000",
    "fetch_async": "fetched 12 pages, 579 characters",
    "flat": "pi is about 3.1480",
    "hello": "hello, world",
    "sign": "hello: f211cb4e0652d47f",
    "train_digits": r"accuracy: 0\.\d{4}",
    "train_simple": r"y = 1\.433 \* x \+ -0\.955",
}

# The last line with each config that is one Config.
CONFIGURED = {
    "count_primes_workers": "126 twin primes below 5000",
    "fetch_async_static": "got 6 pages, 147 characters",
    "flat_bare": r"darts: 5000 pi: 3\.\d{4}\npi is about 3\.\d{4}",
    "hello_bare": "hello, KohakuEngine\nhello, KohakuEngine",
    "train_digits_static": r"epoch: 5 .*\naccuracy: 0\.\d{4}",
    "train_simple_workers": r"epoch: 5 loss: .*\ny = 0\.\d{3} \* x .*",
}


def ends_with(text: str, pattern: str) -> bool:
    return re.search(rf"(?:^|\n){pattern}\n\Z", text) is not None


def script_and_kind(config: str) -> tuple[str, str]:
    script, _, kind = config.rpartition("_")
    return script, kind


def test_every_script_has_a_config_and_every_kind_an_example() -> None:
    """Whoever looks for an example of a kind of config finds one, and for each script one."""
    named = [script_and_kind(path.stem) for path in CONFIGS]
    assert {script for script, _ in named} == {path.stem for path in SCRIPTS} == set(PLAIN)
    assert {kind for _, kind in named} == set(KINDS)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.stem)
def test_no_script_knows_us(path: Path) -> None:
    """The example scripts are ordinary ones: none imports or names this package."""
    assert "kohaku" not in path.read_text().lower()


@pytest.mark.process
@pytest.mark.parametrize("name", PLAIN)
def test_a_script_does_the_same_plainly_and_through_kogine(
    name: str, examples: Path, shell: Shell
) -> None:
    """Without a config, `kogine run` prints what `python` prints, and exits as it does."""
    plain = shell(f"python scripts/{name}.py", examples)
    ours = shell(f"kogine run scripts/{name}.py", examples)
    assert ends_with(plain.stdout, PLAIN[name]), plain.stdout
    assert (ours.returncode, ours.stdout) == (plain.returncode, plain.stdout) == (0, plain.stdout)


@pytest.mark.process
@pytest.mark.parametrize("launcher", ["inline", "fresh"])
@pytest.mark.parametrize("name", CONFIGURED)
def test_a_script_runs_with_its_config(
    name: str, launcher: str, examples: Path, shell: Shell
) -> None:
    """Each config that is one Config changes what its script does, wherever it is run."""
    script, _ = script_and_kind(name)
    done = shell(
        f"kogine run scripts/{script}.py --config configs/{name}.py --launcher {launcher}", examples
    )
    assert done.returncode == 0, done.stdout
    assert ends_with(done.stdout, CONFIGURED[name]), done.stdout


def test_a_generator_gives_one_config_after_another(examples: Path) -> None:
    """Each Config of a generator is run in turn, and their results can be compared."""
    results = {
        config.metadata["title"]: kohakuengine.run(
            examples / "scripts" / "train_simple.py", config=config
        )["loss"]
        for config in kohakuengine.load_config(examples / "configs" / "train_simple_generator.py")
    }
    assert len(results) == 6
    assert min(results, key=results.__getitem__) == "sgd, 0.2"


@pytest.mark.process
def test_a_template_takes_arguments(examples: Path, shell: Shell) -> None:
    """On the command line, and from another config file."""
    run = "kogine run scripts/train_simple.py --config configs/train_simple_template.py"
    slow = shell(f"{run} --config-arg epochs=3", examples).stdout
    fast = shell(f"{run} --config-arg epochs=3 --config-arg pace=fast", examples).stdout
    assert ends_with(slow, r"epoch: 3 loss: .*\ny = .*") and ends_with(fast, r"epoch: 3 .*\ny = .*")
    assert slow != fast
    used = kohakuengine.use_config(examples / "configs" / "train_simple_template.py", pace="fast")
    assert used.globals_dict == {"learning_rate": 0.2, "epochs": 20}


@pytest.mark.process
def test_a_secret_is_the_scripts_alone(
    examples: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The script signs with it, and nothing that is recorded or shown holds it."""
    store = examples.parent / "store"
    monkeypatch.setenv("KOGINE_HOME", str(store))
    monkeypatch.setenv("SIGNING_KEY", "a-key-of-ours")
    done = shell("kogine run scripts/sign.py --config configs/sign_secret.py", examples)
    assert ends_with(done.stdout, "signed in secret: 2bcaf045ba30b449"), done.stdout
    shown = shell("kogine show last", examples).stdout
    assert "<secret SIGNING_KEY>" in shown and "a-key-of-ours" not in shown
    files = [path for path in store.rglob("*") if path.is_file()]
    assert files and not any(b"a-key-of-ours" in path.read_bytes() for path in files)


@pytest.mark.parametrize("format", ["yaml", "toml", "json"])
def test_a_study_is_the_same_in_each_format(format: str, examples: Path) -> None:
    """The example that is written in four formats comes to the same Configs in all of them."""
    studies = [
        [*kohakuengine.load_config(examples / "configs" / f"train_simple_study.{end}")]
        for end in ("py", format)
    ]
    assert studies[0] == studies[1] and len(studies[0]) == 5


@pytest.mark.process
@pytest.mark.parametrize("format", ["py", "yaml", "toml", "json"])
def test_a_study_runs(format: str, examples: Path, shell: Shell) -> None:
    """A script runs with each config of a study, whatever format that is in."""
    config = f"configs/train_simple_study.{format}"
    done = shell(f"NOISE=0 kogine run scripts/train_simple.py --config {config}", examples)
    assert done.returncode == 0 and done.stdout.count("finished after") == 5, done.stdout


def test_each_worker_has_its_own_config(examples: Path) -> None:
    """A worker-aware config file gives each worker another Config."""
    path = examples / "configs" / "train_simple_workers.py"
    seeds = [kohakuengine.load_config(path, worker_id=i).globals_dict["seed"] for i in range(3)]
    assert seeds == [100, 101, 102]


@pytest.mark.process
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_overrides_hold_in_the_processes_of_a_script(
    method: str, examples: Path, shell: Shell
) -> None:
    """Values that are read in worker processes are the overridden ones there, too."""
    settings = f"--set limit=1000 --set chunk=100 --set twins=True --set start_method={method}"
    done = shell(f"kogine run scripts/count_primes.py {settings}", examples)
    assert done.stdout == "35 twin primes below 1000\n"


@pytest.mark.process
def test_computed_values_follow_an_override(examples: Path, shell: Shell) -> None:
    """A value that a flat script computes from an overridden one follows it."""
    done = shell("kogine run scripts/flat.py --set darts=40", examples)
    assert re.findall(r"darts: (\d+)", done.stdout) == ["10", "20", "30", "40"]


def test_every_parameter_is_found(examples: Path) -> None:
    """The parameters of a script are its settings, with types, choices and help."""
    script = kohakuengine.Script(examples / "scripts" / "train_digits.py")
    found = {parameter.name: parameter for parameter in script.parameters()}
    assert {"learning_rate", "epochs", "hidden", "solver", "batch_size", "seed"} <= set(found)
    assert found["learning_rate"].default == 0.01
    assert found["learning_rate"].help == "step size"
    assert found["solver"].enum == "Solver"
