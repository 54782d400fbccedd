"""The table of commands, help pages, start-up, and how errors end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from bifrost_cli import exits
from bifrost_cli.command import BifrostCommand, BifrostGroup, CommonOption
from bifrost_cli.main import call, main
from bifrost_cli.session import Session
from bifrost_core.errors import StorageFull

ROOT = click.Context(main, info_name="bifrost")


def every_command(group: click.Group = main, parent: click.Context = ROOT) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(parent):
        command = group.get_command(parent, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=parent)
        yield context.command_path, command
        if isinstance(command, click.Group):
            yield from every_command(command, context)


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(session: Session) -> None:
        raise error

    monkeypatch.setattr(Session, "library", property(fail))


def test_help_is_one_and_the_same_line_in_the_table_and_in_each_command() -> None:
    for section in main.sections.values():
        for name, item in section.items():
            command = main.get_command(ROOT, name)
            assert command is not None
            assert (command.help or "").split("\n")[0].strip() == item.help, name


def test_every_command_has_common_options_help_and_an_example() -> None:
    for path, command in every_command():
        assert isinstance(command, (BifrostCommand, BifrostGroup)), path
        common = {option for param in command.params if isinstance(param, CommonOption) for option in param.opts}
        assert {"--library", "--json", "--quiet", "--debug"} <= common, path
        for param in command.own_options():
            assert param.help, (path, param.opts)
            assert param.is_flag or param.metavar, (path, param.opts)
        if isinstance(command, BifrostCommand):
            assert command.examples, path
            assert all(f"{path} " in f"{example} " for example in command.examples), path


def test_every_command_prints_its_help_ending_with_the_example(capsys: pytest.CaptureFixture[str]) -> None:
    for path, command in every_command():
        assert call([*path.split()[1:], "--help"]) == exits.OK
        printed = capsys.readouterr().out.rstrip().splitlines()
        assert printed[0].startswith(f"Usage: {path}")
        if isinstance(command, BifrostCommand):
            assert printed[-1].strip() == command.examples[-1]


def test_help_page_fits_into_80_columns(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    call(["--help"])
    assert max(len(line) for line in capsys.readouterr().out.splitlines()) <= 80


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["publish", "--help"], ["asset"], ["versions", "-h"]])
def test_nothing_heavy_is_loaded_when_only_help_is_asked_for(arguments: list[str]) -> None:
    program = (
        "import sys\nfrom bifrost_cli.main import call\n"
        f"code = call({arguments!r})\n"
        "heavy = {'pydantic', 'sqlalchemy', 'alembic', 'rich', 'fileseq', 'platformdirs', 'fastjsonschema'}\n"
        "sys.stderr.write(' '.join(sorted(heavy & set(sys.modules))))\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_no_command_module_is_loaded_when_the_commands_are_listed() -> None:
    program = (
        "import sys\nfrom bifrost_cli.main import call\ncall(['--help'])\n"
        "loaded = [name for name in sys.modules if name.startswith(('bifrost_cli.commands', 'bifrost_cli.demo'))]\n"
        "sys.stderr.write(' '.join(loaded))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["pblish"], "“publish”"),
        (["asset", "craete"], "“create”"),
        (["publish", "--nonsense"], "--nonsense"),
        (["publish"], "ENTITY"),
        (["shot", "create", "DEMO", "sq/sh", "--frames", "10..20"], "1001-1100"),
        (["search", "chair", "--projct", "DEMO"], "--projct"),
        (["load", "DEMO/assets/a/model", "--copy"], "--to"),
    ],
)
def test_exit_is_2_with_help_when_the_command_line_is_wrong(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(arguments) == exits.USAGE
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err
    assert "--help" in printed.err
    assert "Traceback" not in printed.err


@pytest.mark.parametrize(
    "arguments", [["--json", "pblish"], ["publish", "--json", "--nonsense"], ["publish", "--json"]]
)
def test_usage_error_is_json_when_json_is_asked_for(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert call(arguments) == exits.USAGE
    printed = capsys.readouterr()
    assert printed.out == ""
    error = json.loads(printed.err)["error"]
    assert error["code"] == "usage"
    assert set(error) == {"code", "message", "hint", "details"}


@pytest.mark.parametrize(
    "arguments", [["--json", "project", "list"], ["project", "--json", "list"], ["project", "list", "--json"]]
)
def test_common_options_work_before_and_after_the_command(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, StorageFull("No space."))
    assert call(arguments) == 8
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "storage_full"


@pytest.mark.parametrize("before", [True, False])
def test_library_is_the_last_one_named_when_named_before_or_after(
    before: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr(Session, "library", property(lambda session: seen.append(session.address)))
    option = ["--library", "/somewhere"]
    call([*option, "user", "list"] if before else ["--library", "/other", "user", "list", *option])
    assert seen == ["/somewhere"]


def test_library_is_that_of_the_environment_when_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIFROST_AMS_LIBRARY", "/studio/library")
    assert Session().address == "/studio/library"


def test_message_is_short_and_exit_is_1_when_bifrost_has_a_fault(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, ZeroDivisionError("oh"))
    assert call(["user", "list"]) == exits.FAILURE
    printed = capsys.readouterr().err
    assert "ZeroDivisionError: oh" in printed
    assert "--debug" in printed
    assert "Traceback" not in printed


def test_traceback_is_shown_when_debug_is_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, StorageFull("No space."))
    assert call(["user", "list", "--debug"]) == 8
    printed = capsys.readouterr().err
    assert "Traceback" in printed
    assert "Error: No space." in printed


def test_exit_is_130_when_it_is_cancelled(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, KeyboardInterrupt())
    assert call(["user", "list"]) == exits.CANCELLED
    assert capsys.readouterr().err == "Cancelled.\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script_names_the_program_when_the_shell_is_known(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["completion", shell]) == exits.OK
    printed = capsys.readouterr().out
    assert f"_BIFROST_COMPLETE={shell}_complete" in printed


def test_completion_is_refused_when_the_shell_is_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["completion", "elvish"]) == 3
    assert "bash" in capsys.readouterr().err
