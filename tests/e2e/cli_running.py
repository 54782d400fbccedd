"""The real command line on a real library: as a process of its own, or (ten times as fast) called in this one."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bifrost_cli.main import call


@dataclass
class Cli:
    """Runs ``bifrost`` in a folder, with one library."""

    folder: Path
    library: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def variables(self) -> dict[str, str]:
        """What every command finds in its environment."""
        return {
            "BIFROST_AMS_LIBRARY": str(self.library),
            "BIFROST_AMS_LOGIN": "mia",
            "PYTHONIOENCODING": "utf-8",
            "PYTHONWARNINGS": "error",
            **self.environment,
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command as a process."""
        return subprocess.Popen(
            [sys.executable, "-m", "bifrost_cli.main", *arguments],
            cwd=self.folder,
            env={**os.environ, **self.variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def process(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command as a process, to its end."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command in this process."""
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.chdir(self.folder)
            for name, value in self.variables.items():
                patch.setenv(name, value)
            code = call(arguments)
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read())
        return subprocess.CompletedProcess(arguments, code, *texts)

    def do(self, *arguments: str) -> str:
        """Run a command that must succeed, and return what it printed."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *arguments: str) -> Any:
        """Run a command that must succeed, and return its one JSON document."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return json.loads(done.stdout)

    def error(self, code: int, *arguments: str) -> dict[str, Any]:
        """Run a command that must end with ``code``, and return its one JSON error."""
        done = self.run(*arguments, "--json")
        assert done.returncode == code, done.stdout + done.stderr
        assert done.stdout == ""
        error: dict[str, Any] = json.loads(done.stderr)["error"]
        return error

    def file(self, name: str, content: str) -> Path:
        """Write a file in the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return path
