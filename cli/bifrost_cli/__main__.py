"""Lets ``python -m bifrost_cli`` be ``bifrost``."""

from __future__ import annotations

from bifrost_cli.main import run

if __name__ == "__main__":
    run()
