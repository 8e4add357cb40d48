"""A real browser for the stories, and an eye on what it does: what it asks for, and every error it reports."""

from __future__ import annotations

import shutil
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright import sync_api

from journeys import programs, stage
from pelagos import environments

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 20_000
sync_api.expect.set_options(timeout=PATIENCE_MS)  # Its own five seconds are short beside heavy tests.


@pytest.fixture(scope="module")
def chromium() -> Iterator[sync_api.Browser]:
    """One Chromium for the stories of a file; every story has a context of its own in it.

    Not one for the whole run: Playwright keeps an event loop running in this thread, in which no other test could run
    one of its own.
    """
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed (Debian package `chromium`)")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[stage.Served]:
    """The picture module alone, as `pelagos run` would serve it."""
    with stage.running(tmp_path_factory.mktemp("journeys") / "state") as found:
        yield found


@pytest.fixture(scope="session")
def classifier_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the picture classifier in an environment of its own; its tests share the group `classifier`."""
    found = environments.Environments(tmp_path_factory.mktemp("classifier-modules"))
    found.install(str(Path(__file__).parents[2] / "modules" / "image-classification"))
    return found.root


@pytest.fixture(scope="session")
def classifier(tmp_path_factory: pytest.TempPathFactory, classifier_modules: Path) -> Iterator[programs.Program]:
    """The picture classifier, served."""
    state = tmp_path_factory.mktemp("classifier") / "state"
    with programs.running("image-classification", state, classifier_modules) as program:
        yield program


@pytest.fixture
def opened(chromium: sync_api.Browser) -> Iterator[Callable[..., sync_api.Page]]:
    """Open pages in a new context; whatever the story does, nothing may leave the server or fail in the page."""
    contexts: list[sync_api.BrowserContext] = []
    troubles: list[str] = []

    def open_(url: str, **options: Any) -> sync_api.Page:
        context = chromium.new_context(viewport={"width": 1280, "height": 900}, **options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        origin = "/".join(url.split("/", 3)[:3])
        context.on("request", lambda request: _watch_request(request, origin, troubles))
        context.on("console", lambda message: _watch_console(message, troubles))
        page.on("pageerror", lambda error: troubles.append(f"error in the page: {error}"))
        page.goto(url)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture, brighter to the right."""
    path = tmp_path / "sunset.png"
    path.write_bytes(png(64, 48))
    return path


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A folder with a class and a picture."""
    folder = tmp_path / "pictures" / "bright"
    folder.mkdir(parents=True)
    (folder / "one.png").write_bytes(png(8, 8))
    return folder.parent


def png(width: int, height: int) -> bytes:
    """Draw a picture."""
    rows = b"".join(
        b"\0" + bytes(value for x in range(width) for value in (x * 255 // width, y * 255 // height, 128))
        for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def begin_training(page: sync_api.Page, base: str, dataset: Path, **said: str) -> str:
    """Fill the form in and send it; gives the training's id when its page is there."""
    page.goto(f"{base}/console/modules/pictures/train")
    page.get_by_text("Advanced").click()
    for name, value in {"dataset": str(dataset), **said}.items():
        page.locator(f"[name={name}]").fill(value)
    page.get_by_role("button", name="Start training").click()
    page.wait_for_url("**/console/trainings/*")
    return page.url.rpartition("/")[2]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _watch_request(request: sync_api.Request, origin: str, troubles: list[str]) -> None:
    if not request.url.startswith((f"{origin}/", "data:")):
        troubles.append(f"asked for {request.url}")


def _watch_console(message: sync_api.ConsoleMessage, troubles: list[str]) -> None:
    # A refused form (422) and the like are answers, not faults of the page.
    if message.type == "error" and "the server responded with a status of 4" not in message.text:
        troubles.append(f"console: {message.text}")
