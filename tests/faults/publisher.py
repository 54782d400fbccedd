"""The process that suffers: it publishes the same small asset again and again while tests kill it.

``python publisher.py`` imports everything once, then reads orders, one JSON object a line. For each it forks a child,
so that a try costs milliseconds, and answers with one JSON object a line. The child makes files to publish, waits for
``go`` (a tracer attaches meanwhile), opens the library and publishes with the tokens ``PREFIX-0000``, ``PREFIX-0001``
and so on; it tells each version only after ``publish`` has returned.

Order::

    {"root": LIBRARY, "files": FOLDER, "prefix": "try-0007", "count": 2, "few": false,
     "delay": 0.1,     kill it after so many seconds; null: let it end
     "wait": true}     answer {"pid"} when the child waits, and go on when another line is read

The answer is ``{"outcomes": [...], "signal": 9 or 0}``, with one outcome per publish that returned:
``{"token", "version", "seconds"}``, ``{"token", "error", "message"}``, or ``{"token", "foreign"}`` for anything that is
no error of Bifrost.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any, Optional

from bifrost_core.bootstrap import Library, connect, create_library
from bifrost_core.errors import BifrostError
from bifrost_core.models.asset import AssetCreate
from bifrost_core.models.project import ProjectCreate
from bifrost_core.settings import Settings
from bifrost_core.workflows.publishing import PublishOrder, PublishResult, publish

SETTINGS = Settings(login="tester", busy_timeout=10)
ENTITY = "DEMO/assets/hero"
PRODUCT = "model"
DEPENDENCY = "DEMO/assets/hero/lookdev@v001"
SMALL_FILES = 18
BIG_FILE = "geometry.bin"
CHANGING = (BIG_FILE, "part00.dat", "part07.dat")


def prepare(library: Library, files: Path, big: int) -> None:
    """Make the asset, a version to depend on, and the files to publish.

    Args:
        library: an empty one.
        files: the folder for the files.
        big: bytes of the big file.
    """
    library.projects.create(ProjectCreate(code="DEMO"))
    library.assets.create(AssetCreate(project="DEMO", name="hero", kind="character"))
    textures = files / "cache"
    textures.mkdir(parents=True)
    for number in range(SMALL_FILES):
        (textures / f"part{number:02d}.dat").write_bytes(os.urandom(2000 + 700 * number))
    (textures / BIG_FILE).write_bytes(os.urandom(big))
    (files / "hero.usda").write_text('#usda 1.0\ndef Xform "hero" {}\n')
    (files / "hero.png").write_bytes(b"\x89PNG\r\n\x1a\n" + os.urandom(500))
    publish(library, library.store, PublishOrder(ENTITY, "lookdev", files=[files / "hero.usda"]), view=library.view)


def make_files(files: Path, token: str) -> None:
    """Make the files to publish with a token: some with content of their own, the others as in every version."""
    own = files / token
    (own / "cache").mkdir(parents=True)
    for source in (files / "cache").iterdir():
        target = own / "cache" / source.name
        if source.name in CHANGING:
            shutil.copyfile(source, target)
            with target.open("r+b") as stream:
                stream.write(token.encode().ljust(64))
        else:
            os.link(source, target)
    (own / "hero.usda").write_text(f'#usda 1.0\ndef Xform "hero" {{}} # {token}\n')
    os.link(files / "hero.png", own / "hero.png")


def publish_once(library: Library, files: Path, token: str, *, few: bool = False) -> PublishResult:
    """Publish two representations, a dependency and a thumbnail.

    Args:
        library: where to.
        files: the folder that ``make_files`` made for the token.
        token: of the publish.
        few: leave the small files out; so few files are made durable one by one.
    """
    order = PublishOrder(
        ENTITY,
        PRODUCT,
        files=[files / "hero.usda"],
        representations={"cache": files / "cache" / BIG_FILE if few else files / "cache"},
        thumbnail=files / "hero.png",
        depends=[DEPENDENCY],
        comment=token,
        token=token,
    )
    return publish(library, library.store, order, view=library.view)


def outcome_of(library: Library, files: Path, token: str, *, few: bool = False) -> dict[str, Any]:
    """Publish and say in JSON how that went."""
    try:
        start = time.monotonic()
        number = publish_once(library, files, token, few=few).version.number
        return {"token": token, "version": number, "seconds": time.monotonic() - start}
    except BifrostError as exc:
        return {"token": token, "error": exc.code, "message": exc.message}
    except Exception:  # noqa: BLE001 - that is what the tests look for
        return {"token": token, "foreign": traceback.format_exc()}


def _suffer(order: dict[str, Any], go: int, report: int) -> None:
    """Publish as ordered and tell each outcome as it comes."""
    files = Path(order["files"])
    tokens = [f"{order['prefix']}-{number:04d}" for number in range(order["count"])]
    for token in tokens:
        make_files(files, token)
    os.writev(report, [b"r"])
    os.readv(go, [bytearray(1)])
    try:
        library: Optional[Library] = connect(order["root"], SETTINGS)
    except BifrostError as exc:
        library = None
        _tell(report, {"token": "", "error": exc.code, "message": exc.message})
    if library is not None:
        with library:
            for token in tokens:
                _tell(report, outcome_of(library, files / token, token, few=order["few"]))


def _tell(report: int, outcome: dict[str, Any]) -> None:
    # Not write(): faults are injected into that call.
    os.writev(report, [json.dumps(outcome).encode() + b"\n"])


class Server:
    """Forks a child for each order."""

    def run(self) -> None:
        """Answer orders until the input ends."""
        for line in sys.stdin:
            order = json.loads(line)
            self._answer(self._carry_out(order))

    def _carry_out(self, order: dict[str, Any]) -> dict[str, Any]:
        go_read, go_write = os.pipe()
        report_read, report_write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(go_write)
            os.close(report_read)
            code = 1
            try:
                _suffer(order, go_read, report_write)
                code = 0
            except BaseException:  # noqa: BLE001 - the same
                _tell(report_write, {"token": "", "foreign": traceback.format_exc()})
            finally:
                os._exit(code)
        os.close(go_read)
        os.close(report_write)
        os.read(report_read, 1)
        if order["wait"]:
            self._answer({"pid": child})
            sys.stdin.readline()
        os.write(go_write, b"g")
        os.close(go_write)
        reported = _read_until(report_read, order["delay"])
        if order["delay"] is not None:
            os.kill(child, signal.SIGKILL)  # it is there until it is waited for, even if it has ended
        _, status = os.waitpid(child, 0)
        reported += _read_until(report_read, None)
        os.close(report_read)
        killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        return {"outcomes": [json.loads(line) for line in reported.splitlines()], "signal": killed}

    def _answer(self, answer: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _read_until(fd: int, seconds: Optional[float]) -> bytes:
    """Read to the end, or as long as that takes."""
    end = None if seconds is None else time.monotonic() + seconds
    data = b""
    while True:
        left = None if end is None else max(0.0, end - time.monotonic())
        if not select.select([fd], [], [], left)[0]:
            return data
        chunk = os.read(fd, 65536)
        if not chunk:
            return data
        data += chunk


def _warm_up(folder: Path) -> None:
    """Publish once elsewhere, so that what is imported late is loaded before the first fork."""
    with create_library(str(folder / "library"), SETTINGS) as library:
        prepare(library, folder / "files", 5 << 20)
        publish_once(library, folder / "files", "warm-up-0000")


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as made:
        _warm_up(Path(made))
    Server().run()
