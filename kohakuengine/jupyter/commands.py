"""The commands as `%kogine` has them: with the options of the command, and a notebook's own."""

from __future__ import annotations

from copy import copy
from functools import partial

import click
from click.shell_completion import CompletionItem

from ..cli.app import NAMES
from ..cli.groups import LazyGroup
from ..cli.run import RunCommand
from ..errors import ConfigError
from .board_command import BOARD, board_command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..cli.run import Wanted
    from .face import Face


class _Name(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """The name of a variable of the notebook's."""

    name = "name"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        from keyword import iskeyword

        if not str(value).isidentifier() or iskeyword(value):
            self.fail(f"{value!r} is no name of a variable.", param, ctx)
        return str(value)


class _Passed(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """Names of variables that are passed on, with commas between them."""

    name = "names"

    def shell_complete(self, ctx: click.Context, param: Any, incomplete: str) -> list[Any]:
        from .variables import Notebook

        known = ctx.find_object(Notebook)
        head, comma, start = incomplete.rpartition(",")
        before = head + comma
        return [
            CompletionItem(before + name, help=help)
            for name, help in (known.passed() if known else {}).items()
            if name.startswith(start) and name not in head.split(",")
        ]


_OUT = click.Option(
    ["--out"], type=_Name(), metavar="NAME", help="The variable that the runs are put into."
)
_BACKGROUND = click.Option(
    ["--background"], is_flag=True, help="Give a handle at once; the display goes on living."
)
_LOG = click.Option(
    ["--log"],
    metavar="RUN",
    help="Of which run the newest output is shown: an id, or a name such as lr=0.1.",
)
_INLINE = click.Option(
    ["--inline"], is_flag=True, help="Run it in this kernel; .module has its variables."
)
_WITH = click.Option(
    ["--with", "passed"],
    multiple=True,
    type=_Passed(),
    metavar="NAMES",
    help="Variables of the notebook that the cell reads.",
)


_SHOWN = (_OUT, _BACKGROUND, _LOG)


class NotebookGroup(LazyGroup):
    """The commands that a notebook has.

    Args:
        face: Who carries them out.
    """

    def __init__(self, face: Face) -> None:
        names = [name for name in NAMES if name != "completion"]
        super().__init__(
            "%kogine",
            names=[*names, BOARD, _LAUNCH],
            help="Run the scripts you already have under every configuration you want to try.",
            context_settings={"help_option_names": ["-h", "--help"]},
        )
        self._face = face

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if self._face.cell is not None and cmd_name in (*NAMES, BOARD) and cmd_name != "run":
            if ctx.resilient_parsing:
                return None  # so that it isn't offered
            raise click.UsageError(
                f"%%kogine {cmd_name} has no use for a cell: write %kogine {cmd_name}."
            )
        if cmd_name == BOARD:
            return board_command(self._face)
        if cmd_name == _LAUNCH:
            run = super().get_command(ctx, "run")
            return None if run is None else _launch(run, self._face)
        command = super().get_command(ctx, cmd_name)
        if command is None:
            return None
        if isinstance(command, click.Group):
            adapt_group = {"workflow": _workflow, "config": _config}.get(cmd_name)
            return command if adapt_group is None else adapt_group(command)
        adapt = _ADAPTED.get(cmd_name)
        return command if adapt is None else adapt(command, self._face)


def group_for(face: Face) -> click.Group:
    """The commands for one magic."""
    return NotebookGroup(face)


def _adapted(
    command: click.Command, callback: Callable[..., object], *more: click.Parameter
) -> click.Command:
    """A command with another way to be carried out, and more options."""
    other = copy(command)
    other.callback = callback
    other.params = [*command.params, *more]
    return other


def _config(group: click.Group) -> click.Group:
    """That two configs differ is an answer, and no error that ends a notebook."""
    other, command = copy(group), group.commands["diff"]

    def diff(**given: Any) -> None:
        assert command.callback is not None
        command.callback(**given)

    other.commands = {**group.commands, "diff": _adapted(command, diff)}
    return other


def _workflow(group: click.Group) -> click.Group:
    other = copy(group)
    other.commands = {
        name: _adapted(command, command.callback or (lambda: None), *_SHOWN)
        for name, command in group.commands.items()
    }
    return other


# ---- run ----


def _run_command(command: click.Command, face: Face) -> click.Command:
    if face.cell is None:
        return _adapted(command, partial(_run, face), *_SHOWN, _INLINE)
    own = (*_SHOWN, _INLINE, _WITH)
    return _CellCommand(
        command.name,
        params=[*(param for param in command.params if param.name != "script"), *own],
        callback=partial(_run, face),
        help="Run the cell as a script: its variables can be set, like any script's.",
    )


class _CellCommand(RunCommand):
    """A command whose script is the cell: its words are options alone, but for those behind --."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        rest = super().parse_args(ctx, args[:end])
        if ctx.params.get("args"):
            raise click.UsageError(
                f"{ctx.params['args'][0]}: the cell is the script; its own command line goes "
                "behind --.",
                ctx,
            )
        ctx.params["args"] = tuple(args[end + 1 :])
        return rest


def _run(face: Face, **said: Any) -> Callable[[], object]:
    return _order(face, _wanted(face, **said))


def _wanted(
    face: Face,
    *,
    args: tuple[str, ...],
    config: str | None,
    config_args: tuple[str, ...],
    overrides: tuple[str, ...],
    entrypoint: str | None,
    launcher: str | None,
    script: str = "",
    passed: tuple[str, ...] = (),
    **given: Any,
) -> Wanted:
    """What the options of `run` say, of the script that they name, or of the cell."""
    from ..cli.run import script_of, wanted_of
    from .cell import check_reads, named, script_of_cell

    if face.cell is None:
        target = script_of(script, entrypoint, args)
        return wanted_of(target, config, overrides, launcher, config_args, given)
    objects = named(passed, face.names)
    target = script_of_cell(face.cell, entrypoint=entrypoint, argv=args, given=objects)
    wanted = wanted_of(target, config, overrides, launcher, config_args, given)
    check_reads(target, wanted.configs, objects, face)
    return wanted


# ---- launch ----

_LAUNCH = "launch"
# What a form shows of the options of `run`, or keeps; the others are for one flow that begins now.
_NOT_OF_FORMS = ("resume", "dry_run", "quiet", "as_json")


def _launch(command: click.Command, face: Face) -> click.Command:
    """`launch`: what `run` says, in a form."""
    of_cell = face.cell is not None
    left_out = [*_NOT_OF_FORMS, *(["script"] if of_cell else [])]
    params = [param for param in command.params if param.name not in left_out]
    kind = _CellCommand if of_cell else RunCommand
    what = "the cell's" if of_cell else "a SCRIPT's"
    return kind(
        _LAUNCH,
        params=[*params, _OUT, *([_WITH] if of_cell else [])],
        callback=partial(_launch_form, face),
        help=f"Show {what} parameters as a form that becomes a sweep, and launches it.",
        short_help="A form that becomes a sweep, and launches it.",
    )


def _launch_form(face: Face, **said: Any) -> object:
    from .widgets.launch_choices import unusual
    from .widgets.launcher import SweepLauncher

    wanted = _wanted(face, **said)
    cell = None if face.cell is None else face.cell.text
    options = unusual(vars(wanted.options))
    form = SweepLauncher(
        wanted.script, wanted.configs, cell=cell, detached=wanted.given["detach"], **options
    )
    face.keep(wanted.given, form)
    return face.show(form) if face.in_kernel else form


def _order(face: Face, wanted: Wanted) -> Callable[[], object]:
    from ..config.base import Config

    given = wanted.given
    alone = isinstance(wanted.configs, Config)
    if given["inline"]:
        if not isinstance(wanted.configs, Config):
            raise ConfigError(
                "--inline runs one script in this kernel: --launcher inline runs several."
            )
        _check_inline(given)
        from ..flow.once import run_here

        work = partial(run_here, wanted.script, wanted.configs, wanted.options, face.warn)
        return partial(face.inline, wanted.script, work, given)
    return partial(face.carry_out, wanted.order(), alone=alone)


def _check_inline(given: dict[str, Any]) -> None:
    for name in ("background", "detach", "resume", "dry_run"):
        if given[name]:
            option = name.replace("_", "-")
            raise ConfigError(f"--inline runs the script here and now: leave out --{option}.")


# ---- others ----


def _runs(command: click.Command, face: Face) -> click.Command:
    def runs(flow: str | None, limit: int, flows: bool, as_json: bool, **chosen: Any) -> object:
        if flows or as_json:
            assert command.callback is not None
            return command.callback(flow=flow, limit=limit, flows=flows, as_json=as_json, **chosen)
        from ..cli.runs import chosen_runs

        return chosen_runs(flow, limit, chosen)

    return _adapted(command, runs)


def _show(command: click.Command, face: Face) -> click.Command:
    def show(which: str, as_json: bool) -> object:
        if as_json:
            assert command.callback is not None
            return command.callback(which=which, as_json=as_json)
        from ..cli.ids import find, open_store, settled
        from ..flow.attached import AttachedFlow
        from ..runs.record import Run

        store = settled(open_store())
        kind, row = find(store, which)
        found = Run(store, row["id"], row) if kind == "run" else AttachedFlow(store, row["id"])
        return face.show(found) if face.in_kernel else found

    return _adapted(command, show)


def _params(command: click.Command, face: Face) -> click.Command:
    def params(script: str, everything: bool, as_json: bool) -> object:
        if everything or as_json or not face.in_kernel:
            assert command.callback is not None
            return command.callback(script=script, everything=everything, as_json=as_json)
        from ..cli.run import script_of
        from ..engine.source import check

        target = script_of(script, None, ())
        check(target.read(), target.code_file)
        return face.show(target)

    return _adapted(command, params)


def _logs(command: click.Command, face: Face) -> click.Command:
    def logs(follow: bool, **given: Any) -> object:
        assert command.callback is not None
        plainly = partial(command.callback, follow=follow, **given)
        if given["as_json"] or given["raw"] or not face.in_kernel:
            return plainly
        from .following import follow_logs, last_logs

        show = follow_logs if follow else last_logs
        return partial(show, given["which"], given["attempt"], given["tail"])

    return _adapted(command, logs)


def _attach(command: click.Command, face: Face) -> click.Command:
    def attach(flow: str, as_json: bool, log: str | None) -> object:
        from ..cli.ids import find_flow, open_store
        from ..flow.attached import AttachedFlow

        store = open_store()
        attached = AttachedFlow(store, find_flow(store, flow)["id"])
        return partial(face.follow, attached, store, as_json, log)

    return _adapted(command, attach, _LOG)


def _retry(command: click.Command, face: Face) -> click.Command:
    def retry(out: str | None, background: bool, log: str | None, **given: Any) -> object:
        assert command.callback is not None
        order = command.callback(**given)
        order.given |= {"out": out, "background": background, "log": log}
        return order

    return _adapted(command, retry, *_SHOWN)


_ADAPTED = {
    "run": _run_command,
    "runs": _runs,
    "show": _show,
    "params": _params,
    "logs": _logs,
    "attach": _attach,
    "retry": _retry,
}
