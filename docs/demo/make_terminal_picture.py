"""Draw what commands show in a terminal as an SVG, for the pages in docs/ and the README.

By hand, on Linux or macOS, after `bifrost demo`, with `BIFROST_AMS_LIBRARY` set to its library::

    python docs/demo/make_terminal_picture.py docs/images/terminal.svg \\
        "bifrost versions DEMO/assets/robot" "bifrost deps DEMO/shots/sq010/sh010/render --tree" \\
        "bifrost outdated DEMO" "bifrost search toy"
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import termios
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

WIDTH = 92
THEME = TerminalTheme(
    (24, 27, 33),
    (220, 223, 228),
    [(40, 44, 52), (224, 108, 117), (152, 195, 121), (229, 192, 123), (97, 175, 239), (198, 120, 221), (86, 182, 194),
     (220, 223, 228)],
)  # fmt: skip


def shown_by(command: list[str]) -> str:
    """Run a command in a terminal of its own and return all that it wrote, colours included."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, WIDTH, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(WIDTH)}
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment)
    os.close(slave)
    written = b""
    while True:
        try:
            block = os.read(master, 65536)
        except OSError:  # Linux says so when the other end is closed
            break
        if not block:
            break
        written += block
    if process.wait():
        sys.exit(f"{shlex.join(command)} failed:\n{written.decode()}")
    return written.decode().replace("\r\n", "\n")


def main() -> None:
    """Draw the commands named on the command line."""
    target = Path(sys.argv[1])
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for command in sys.argv[2:]:
        console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
        console.print(Text.from_ansi(shown_by(shlex.split(command)).rstrip()))
        console.print()
    drawn = console.export_svg(title="Bifrost", theme=THEME, unique_id="bifrost")
    # No fonts from elsewhere: the reader's own fixed one will do.
    drawn = re.sub(r"@font-face \{.*?\}", "", drawn, flags=re.DOTALL)
    drawn = drawn.replace("Fira Code, monospace", "DejaVu Sans Mono, Menlo, Consolas, monospace")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(re.sub(r"[ \t]+\n", "\n", drawn), encoding="utf-8")


if __name__ == "__main__":
    main()
