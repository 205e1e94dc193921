"""`%kogine` and `%%kogine` in a real IPython shell without a kernel."""

from __future__ import annotations

from pathlib import Path

import pytest
from cells import Shell, shell  # noqa: F401
from IPython.core.error import UsageError

from kohakuengine import ConfigGenerator, Run, Runs
from kohakuengine.errors import ConfigError, RunError, ScriptNotFoundError, ScriptSyntaxError

# ---- without processes ----


def test_a_dry_run_takes_the_notebooks_objects(shell: Shell) -> None:
    """`--sweep lr={lrs}` tries what the variable holds."""
    shell.ip.user_ns["lrs"] = [0.5, 0.25]
    shell.cell("%kogine run train.py --sweep lr={lrs} --set steps=3 --dry-run")
    assert "0.5" in shell.out and "0.25" in shell.out and "2 run(s)" in shell.out


def test_a_magic_in_a_function_sees_its_variables(shell: Shell) -> None:
    """As other magics do."""
    shell.cell(
        "def plan(values):\n    %kogine run train.py --sweep lr={values} --dry-run\nplan([7, 8])"
    )
    assert "2 run(s)" in shell.out


def test_the_grammar_is_that_of_the_command(shell: Shell) -> None:
    """Also ranges, pairs, and options in any order."""
    shell.cell("%kogine run --sweep lr=range(1,4) train.py --sweep steps=1,2,3 --zip --dry-run")
    assert "3 run(s)" in shell.out


def test_the_file_of_a_cell_goes_with_its_last_flow(shell: Shell, folder: Path) -> None:
    """`%kogine store rm` leaves nothing of a cell that no flow was run from."""
    for _ in range(2):
        shell.cell("%%kogine run --launcher inline\nprint('loss: 1')")
    shell.cell("%%kogine run --launcher inline --name other\nprint('loss: 2')")
    cells = folder / "store" / "cells"
    assert len([*cells.iterdir()]) == 2
    shell.cell("%kogine store rm -3 --yes")
    assert len([*cells.iterdir()]) == 2  # the second flow was run from it, too
    shell.cell("%kogine store rm -2 --yes")
    [left] = cells.iterdir()
    assert "loss: 2" in left.read_text()


def test_runs_and_handles_stand_for_their_ids(shell: Shell) -> None:
    """Wherever a run or a flow is named."""
    runs = shell.cell("runs = %kogine run train.py --sweep lr=0.5,0.25 --launcher inline\nruns")
    shell.cell("%kogine show {runs[1]}")
    assert shell.value.id == runs[1].id
    shell.cell("%kogine compare {runs}")
    assert runs[0].id[:8] in shell.out and runs[1].id[:8] in shell.out
    shell.cell("%kogine logs {runs[0]} --tail 1")
    assert shell.out == "loss: 0.25\n"
    shell.cell("flow = %kogine show {runs[0].flow}")
    shell.cell("%kogine store tag {flow} +good")
    assert len(shell.cell("%kogine runs {flow} --tag good")) == 2
    shell.cell("%kogine store rm {runs} --yes")
    assert "removed 2 runs and 1 flow" in shell.out


def test_a_cell_that_is_no_python_is_not_run(shell: Shell) -> None:
    """The line has the number that it has in the cell."""
    with pytest.raises(ScriptSyntaxError, match="the cell's line 3 is not valid Python: .*\n.*1 +"):
        shell.cell("%%kogine run\ny = 2\nx = 1 +\n")
    assert not shell.cell("runs = %kogine runs\nlen(runs)")


def test_help_is_shown(shell: Shell) -> None:
    """For all commands and for one, with the notebook's own options."""
    shell.cell("%kogine --help")
    assert "compare" in shell.out and "completion" not in shell.out
    shell.cell("%kogine run --help")
    assert "--background" in shell.out and "--out NAME" in shell.out


@pytest.mark.parametrize(
    ("line", "kind", "said"),
    [
        ("nonsense", UsageError, "No such command 'nonsense'"),
        ("rum train.py", UsageError, "Did you mean 'run'"),
        ("run nofile.py", ScriptNotFoundError, "there is no file nofile.py"),
        ("run train.py --set lr=fast", Exception, "lr is float"),
        ("run train.py --sweep lr={3}", ConfigError, "lr must be a list of values, got 3"),
        ("run train.py --set lr={nope}", ConfigError, "'nope' is not defined"),
        ("run train.py --out 2x", UsageError, "no name of a variable"),
        ("run train.py --inline --background", ConfigError, "leave out --background"),
        ("run train.py --inline --sweep lr=1,2", ConfigError, "--inline runs one script"),
        ("show last", Exception, "there is no store|no runs"),
        ("run train.py --config {5}", Exception, "must be an iterable"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(
    shell: Shell, line: str, kind: type[Exception], said: str
) -> None:
    """Without a stack of ours, and nothing is run."""
    with pytest.raises(kind, match=said):
        shell.cell(f"%kogine {line}")
    assert "Traceback (most recent call last)" not in shell.out
    assert "kohakuengine/" not in shell.out


def test_an_error_stops_the_cell(shell: Shell) -> None:
    """What stands below isn't executed."""
    with pytest.raises(ScriptNotFoundError):
        shell.cell("%kogine run nofile.py\nreached = True")
    assert "reached" not in shell.ip.user_ns


def test_a_cell_that_reads_the_notebook_says_how(shell: Shell) -> None:
    """Before anything is run, since each run would fail."""
    shell.ip.user_ns["data"] = [1]
    with pytest.raises(ConfigError, match="reads data.*--with data"):
        shell.cell("%%kogine run\nprint(data)")
    shell.cell("%%kogine run --sweep data=1,2 --dry-run\nprint(data)")


def test_a_cell_that_displays_is_refused(shell: Shell) -> None:
    """There is no notebook where it runs."""
    with pytest.raises(ConfigError, match="uses display, which only a notebook has"):
        shell.cell("%%kogine run\ndisplay(1)")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("run train.py", "train.py: the cell is the script"),
        ("show last", "write %kogine show"),
        ("nonsense", "No such command"),
    ],
)
def test_a_cells_magic_runs_that_cell(shell: Shell, line: str, said: str) -> None:
    """Nothing else can be said on top of one."""
    with pytest.raises(UsageError, match=said):
        shell.cell(f"%%kogine {line}\nx = 1")


@pytest.mark.process
def test_a_cell_has_a_command_line(shell: Shell) -> None:
    """Behind --, as any script."""
    [run] = shell.cell(
        "%%kogine run --launcher inline -- --fast {1 + 1}\nimport sys\nprint(sys.argv[1:])"
    )
    assert run.output == "['--fast', '2']\n"


def test_what_cannot_travel_is_named(shell: Shell) -> None:
    """Not every object can be sent to another process."""
    shell.cell("import threading\nlock, one = threading.Lock(), 1")
    with pytest.raises(ConfigError, match=r"lock \(lock\) can't be passed"):
        shell.cell("%%kogine run --with one,lock\nprint(lock)")


def test_unloading_takes_the_magics_away(shell: Shell) -> None:
    """And loading brings them back."""
    shell.cell("%unload_ext kohakuengine")
    with pytest.raises(UsageError):
        shell.cell("%kogine --help")
    shell.cell("%load_ext kohakuengine\n%kogine --help")


def test_parameters_are_shown(shell: Shell) -> None:
    """As the command shows them."""
    shell.cell("%kogine params train.py")
    assert "step size" in shell.out


def test_a_kernel_that_loses_displays_is_refused(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ipykernel 7.0, with what to do."""
    _version = pytest.importorskip("ipykernel._version")

    from kohakuengine.errors import KogineError
    from kohakuengine.jupyter.extension import refuse_bad_kernel

    monkeypatch.setattr(_version, "version_info", (7, 0, 1))
    refuse_bad_kernel(shell.ip)  # no kernel, no matter
    monkeypatch.setattr(shell.ip, "kernel", object(), raising=False)
    with pytest.raises(KogineError, match="ipykernel!=7.0"):
        refuse_bad_kernel(shell.ip)


# ---- with processes ----


@pytest.mark.process
def test_a_sweep_gives_runs(shell: Shell) -> None:
    """They can be assigned, and have what the scripts gave."""
    shell.ip.user_ns["lrs"] = [0.5, 0.25]
    shell.cell("runs = %kogine run train.py --sweep lr={lrs} --workers 2")
    runs = shell.ip.user_ns["runs"]
    assert isinstance(runs, Runs)
    assert [run.result for run in runs] == [{"score": 1.0}, {"score": 0.5}]
    assert "finished" in shell.out


@pytest.mark.process
def test_an_object_comes_as_it_is(shell: Shell) -> None:
    """No text is made of it on the way."""
    shell.cell("import decimal\nhalf = decimal.Decimal(1) / 2")
    [run] = shell.cell("%kogine run train.py --set lr={half}")
    assert run.config.globals_dict == {"lr": shell.ip.user_ns["half"]}
    assert run.result["score"] == 1


@pytest.mark.process
def test_configs_of_the_notebook_can_be_run(shell: Shell) -> None:
    """`--config {configs}` takes a Config, or a list or a generator function of them."""
    shell.cell("from kohakuengine import Config\nconfigs = [Config({'lr': n}) for n in (1, 0.5)]")
    runs = shell.cell("%kogine run train.py --config {configs} --set steps=1 --launcher inline")
    assert [run.params for run in runs] == [{"lr": 1, "steps": 1}, {"lr": 0.5, "steps": 1}]
    assert isinstance(ConfigGenerator(shell.ip.user_ns["configs"]), ConfigGenerator)


@pytest.mark.process
def test_a_failed_run_stops_the_notebook(shell: Shell) -> None:
    """One script raises what it raised; a sweep gives its runs."""
    with pytest.raises(ValueError, match="lr is too large"):
        shell.cell("%kogine run train.py --set lr=2 --out one")
    assert shell.ip.user_ns["one"][0].status == "failed"
    assert "kohakuengine/" not in shell.out
    for said in ("Traceback", "; its output: "):
        assert shell.out.count(said) == 1
    assert "failed after" not in shell.out and "its log" not in shell.out
    runs = shell.cell("%kogine run train.py --sweep lr=0.5,2")
    assert [run.status for run in runs] == ["finished", "failed"]


@pytest.mark.process
def test_a_run_that_is_tried_again_says_so(shell: Shell) -> None:
    """What fails before the last attempt is told when it happens."""
    with pytest.raises(ValueError, match="lr is too large"):
        shell.cell("%kogine run train.py --set lr=2 --retries 1")
    assert shell.out.count("failed after") == shell.out.count("it is tried again in 1 s") == 1


@pytest.mark.process
def test_a_timed_out_run_says_so_once(shell: Shell) -> None:
    """In one sentence, with where its output is."""
    Path("stays.py").write_text("import time\ntime.sleep(600)")
    with pytest.raises(RunError, match="it took longer than 0.5 s"):
        shell.cell("%kogine run stays.py --timeout 0.5")
    assert shell.out.count("output.log") == 1


@pytest.mark.process
def test_inline_leaves_the_scripts_variables_in_reach(shell: Shell) -> None:
    """`run.module` has them, of the newest run of the script."""
    shell.cell("%kogine run --inline train.py --set lr=0.5 --out run")
    run = shell.ip.user_ns["run"]
    assert isinstance(run, Run) and run.module.lr == 0.5 and run.status == "finished"
    assert "loss: 0.5" in shell.out
    shell.cell("%kogine run --inline train.py --set lr=0.25")
    assert shell.value.module.lr == 0.25 and run.module is None


@pytest.mark.process
def test_inline_failures_show_the_script_alone(shell: Shell) -> None:
    """As IPython shows them, with the lines around, whatever the overrides are; no frame of ours."""
    shell.ip.user_ns["many"] = [3] * 1000
    for value in ("2", "{[3]}", "{{1: {2}}}", "{many}", "{bytearray(3)}"):
        with pytest.raises((ValueError, TypeError)):
            shell.cell(f"%kogine run --inline train.py --set lr={value}")
        assert "train.py:14" in shell.out and "---> 14" in shell.out
        assert "kohakuengine/" not in shell.out


def test_inline_warnings_are_sentences(shell: Shell) -> None:
    """They name the script's line, and no place in IPython."""
    shell.cell("%kogine run --inline train.py --set lrr=2")
    assert "kogine: warning: nothing at the top level of train.py binds lrr" in shell.out
    assert "OverrideWarning" not in shell.out and ".py:" not in shell.out


@pytest.mark.process
def test_a_cell_is_a_script(shell: Shell, folder: Path) -> None:
    """Its variables can be swept, its imports are the notebook's, its text is kept with the flow."""
    (folder / "helper.py").write_text("def double(x): return 2 * x\n")
    cell = "import helper\nx = 1\nprint('loss:', helper.double(x))"
    runs = shell.cell(f"%%kogine run --sweep x=1,2,3 --out runs\n{cell}")
    assert shell.ip.user_ns["runs"] == runs
    assert [run.metrics for run in runs] == [{"loss": 2.0}, {"loss": 4.0}, {"loss": 6.0}]
    source = folder / "store" / "flows" / runs[0].flow / "source"
    assert any(cell in path.read_text() for path in source.rglob("*.py"))


@pytest.mark.process
@pytest.mark.parametrize("launcher", ["fresh", "warm", "pool", "inline"])
def test_a_cell_can_be_given_the_notebooks_objects(shell: Shell, launcher: str) -> None:
    """Functions bring what they use, objects their classes; the cell may work on them further."""
    shell.cell(
        "factor, data = 10, [1, 2, 3]\n"
        "class Model:\n    size = 4\n"
        "model = Model()\n"
        "def scaled(x):\n    return factor * x + len(data)"
    )
    runs = shell.cell(
        f"%%kogine run --with data,model --with scaled --sweep k=1,2 --launcher {launcher}\n"
        "k = 0\ndata = data[:1]\n"
        "print('loss:', scaled(k) + model.size + len(data))"
    )
    assert [run.metrics["loss"] for run in runs] == [18.0, 28.0]
    assert [run.params for run in runs] == [{"k": 1}, {"k": 2}]


@pytest.mark.process
@pytest.mark.parametrize("launcher", ["fresh", "warm"])
def test_a_secret_is_passed_by_its_name(
    shell: Shell, folder: Path, monkeypatch: pytest.MonkeyPatch, launcher: str
) -> None:
    """The run's own process alone has its value."""
    monkeypatch.setenv("TOKEN_FOR_TESTS", "hunter2hunter2")
    shell.cell("from kohakuengine import env\ntoken = env('TOKEN_FOR_TESTS', secret=True)")
    [run] = shell.cell(
        f"%%kogine run --with token --launcher {launcher}\nprint('loss:', len(token))"
    )
    assert run.metrics == {"loss": 14.0}
    kept = (path for path in (folder / "store").rglob("*") if path.is_file())
    assert not any(b"hunter2hunter2" in path.read_bytes() for path in kept)


@pytest.mark.process
def test_what_is_passed_is_pickled_once(shell: Shell, folder: Path) -> None:
    """However many runs there are; what two names share is one object."""
    shell.ip.user_ns["big"] = big = list(range(100_000))
    shell.ip.user_ns["same"] = {"big": big}
    runs = shell.cell(
        "%%kogine run --with big,same --sweep k=1,2,3\nk = 0\nprint('loss:', same['big'] is big)"
    )
    assert [run.output for run in runs] == ["loss: True\n"] * 3
    [kept] = (folder / "store" / "flows" / runs[0].flow / "shared").iterdir()
    assert kept.stat().st_size > 100_000
    sizes = [path.stat().st_size for path in (folder / "store" / "runs").rglob("*.pkl")]
    assert sum(sizes) < 10_000


@pytest.mark.process
def test_tracebacks_and_sources_show_the_cells_lines(shell: Shell) -> None:
    """With the numbers that the lines have in the cell."""
    with pytest.raises(ZeroDivisionError):
        shell.cell(
            "%%kogine run --out runs\nimport inspect\ndef f():\n    return 1 / 0  # here\n"
            "print(inspect.getsource(f))\nf()"
        )
    assert "line 4, in f\n    return 1 / 0  # here" in shell.ip.user_ns["runs"][0].output
    assert "def f():\n    return 1 / 0  # here\n" in shell.ip.user_ns["runs"][0].output


@pytest.mark.process
def test_a_cell_is_resumed_by_its_text(shell: Shell) -> None:
    """What finished isn't run again, where neither the cell nor what it is given has changed."""
    cell = "k = 0\nprint('loss:', k + n)"
    shell.ip.user_ns["n"] = 1
    first = shell.cell(f"%%kogine run --with n --sweep k=1,2\n{cell}")
    again = shell.cell(f"%%kogine run --with n --sweep k=1,2,3 --resume\n{cell}")
    assert again.ids[:2] == first.ids and len(again) == 3
    shell.ip.user_ns["n"] = 2
    other = shell.cell(f"%%kogine run --with n --sweep k=1,2 --resume\n{cell}")
    assert not set(other.ids) & set(again.ids)


@pytest.mark.process
def test_a_cell_that_failed_is_tried_again(shell: Shell, folder: Path) -> None:
    """`%kogine retry` has its text and what it was given."""
    shell.ip.user_ns["n"] = 5
    runs = shell.cell(
        "%%kogine run --with n --sweep k=1,2\nimport os\nk = 0\nprint('loss:', k + n)\n"
        "assert k == 1 or os.path.exists('mended')"
    )
    assert [run.status for run in runs] == ["finished", "failed"]
    (folder / "mended").touch()
    [run] = shell.cell(f"%kogine retry {runs[0].flow[:8]}")
    assert run.status == "finished" and run.metrics == {"loss": 7.0}


@pytest.mark.process
def test_runs_are_listed_and_shown(shell: Shell) -> None:
    """As values: `Runs` that match, and a Run."""
    shell.cell("%kogine run train.py --sweep lr=0.5,0.25,0.125 --launcher inline --quiet")
    runs = shell.cell('%kogine runs --where "lr < 0.4" --sort lr')
    assert isinstance(runs, Runs) and [run.params["lr"] for run in runs] == [0.125, 0.25]
    run = shell.cell(f"%kogine show {runs[0].id}")
    assert isinstance(run, Run) and run == runs[0]
    shell.cell("%kogine logs last")
    assert "loss: 0.125" in shell.out
    shell.cell("%kogine compare -1 -2")
    assert "lr" in shell.out


@pytest.mark.process
def test_background_gives_a_handle_at_once(shell: Shell, folder: Path) -> None:
    """The flow goes on while other cells run."""
    handle = shell.cell("%kogine run wait.py --sweep x=1,2 --background")
    assert handle.live
    (folder / "go").touch()
    assert [run.status for run in handle.wait(60)] == ["finished", "finished"]


@pytest.mark.process
def test_json_is_for_machines(shell: Shell) -> None:
    """As the command prints it."""
    import json

    shell.cell("%kogine run train.py --sweep lr=0.5,0.25 --json --out runs")
    assert [one["params"] for one in json.loads(shell.out)] == [{"lr": 0.5}, {"lr": 0.25}]
    assert len(shell.ip.user_ns["runs"]) == 2


def test_a_board_needs_a_notebook(shell: Shell) -> None:
    """In a terminal `%kogine board` says what to use instead."""
    with pytest.raises(ConfigError, match="a board needs a notebook.*%kogine attach"):
        shell.cell("%kogine board")
    with pytest.raises(UsageError, match="no use for a cell"):
        shell.cell("%%kogine board\n1")


def test_a_form_shows_what_the_line_says(shell: Shell) -> None:
    """`%kogine launch` takes what `%kogine run` does, and fills it in."""
    shell.ip.user_ns["lrs"] = [0.5, 0.25]
    form = shell.cell(
        "%kogine launch train.py --sweep lr={lrs} --set steps=3 --workers 2 --env A=b --out form"
    )
    assert form is shell.ip.user_ns["form"]
    assert [config.globals_dict for config in form.config] == [
        {"steps": 3, "lr": 0.5},
        {"steps": 3, "lr": 0.25},
    ]
    assert form.text_of("line") == (
        "%kogine run train.py --set steps=3 --sweep lr=0.5,0.25 --workers 2 --env A=b --background"
    )
    with pytest.raises(UsageError, match="--dry-run"):
        shell.cell("%kogine launch train.py --dry-run")


def test_a_form_of_a_cell(shell: Shell) -> None:
    """`%%kogine launch` makes a form of the cell, and copies as the magic with that cell."""
    shell.ip.user_ns["data"] = [1]
    form = shell.cell("%%kogine launch --with data --set n=2\nn = 1\nprint(data, n)\n")
    assert list(form.form.rows) == ["n"] and form.config.globals_dict == {"n": 2}
    assert form.text_of("line") == (
        "%%kogine run --with data --set n=2 --background\nn = 1\nprint(data, n)\n"
    )
    for kind in ("python", "shell"):
        with pytest.raises(ConfigError, match="which only a magic can give it"):
            form.text_of(kind)
    other = shell.cell("%%kogine launch\nn = 1\nprint(n)\n")
    with pytest.raises(ConfigError, match="a shell can't run a cell"):
        other.text_of("shell")
