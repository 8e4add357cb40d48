"""Downloads: what an address gives, and which addresses are not asked."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from pelagos import storage
from pelagos.domain import clock, errors, steps
from pelagos.storage import fetching
from storage import archives
from storage.archives import GOOD

OPEN = storage.Limits(bytes=1_000_000, private_addresses=True, silence_s=5, redirects=3)


class Answers(http.server.BaseHTTPRequestHandler):
    """A site of a few pages."""

    pages: ClassVar[dict[str, tuple[int, dict[str, str], bytes]]] = {}
    asked: ClassVar[list[tuple[str, dict[str, str]]]] = []

    def do_GET(self) -> None:
        """Answer."""
        self.asked.append((self.path, dict(self.headers)))
        status, headers, body = self.pages.get(self.path.partition("?")[0], (404, {}, b"no"))
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Site(http.server.ThreadingHTTPServer):
    """Does not mind when a client leaves."""

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    """The address of a site on this machine."""
    Answers.pages, Answers.asked = {}, []
    server = Site(("127.0.0.1", 0), Answers)
    serving = threading.Thread(target=server.serve_forever, args=(0.05,))
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    serving.join()
    server.server_close()


def fetch(url: str, into: Path, limits: storage.Limits = OPEN) -> fetching.Fetched:
    return fetching.fetch(url, into / "fetched", limits)


class TestFetch:
    def test_writes_what_the_address_gives(self, site: str, tmp_path: Path) -> None:
        Answers.pages["/a%20b/data.csv"] = (200, {}, b"1,2\n" * 1000)

        fetched = fetch(f"{site}/a%20b/data.csv?token=secret#top", tmp_path)

        assert fetched.path.read_bytes() == b"1,2\n" * 1000
        assert fetched.filename == "data.csv"
        assert Answers.asked[0][0] == "/a%20b/data.csv?token=secret"
        assert Answers.asked[0][1]["Accept-Encoding"] == "identity"

    @pytest.mark.parametrize(
        ("told", "path", "name"),
        [
            ('attachment; filename="my flowers.csv"', "/x", "my flowers.csv"),
            ("attachment; filename*=UTF-8''bl%C3%BCten.csv", "/x", "blüten.csv"),
            ('attachment; filename="../../evil"', "/x", "evil"),
            ('attachment; filename=".."', "/x.csv", "x.csv"),
            ('attachment; filename=".bashrc"', "/x.csv", "x.csv"),
            ("", "/", "download"),
        ],
    )
    def test_calls_a_file_as_the_server_does(self, site: str, tmp_path: Path, told: str, path: str, name: str) -> None:
        Answers.pages[path] = (200, {"Content-Disposition": told}, b"1")

        assert fetch(f"{site}{path}", tmp_path).filename == name

    def test_goes_where_it_is_sent(self, site: str, tmp_path: Path) -> None:
        Answers.pages["/old"] = (302, {"Location": "sub/new"}, b"")
        Answers.pages["/sub/new"] = (307, {"Location": f"{site}/newest.csv"}, b"")
        Answers.pages["/newest.csv"] = (200, {}, b"1")

        assert fetch(f"{site}/old", tmp_path).filename == "newest.csv"

    def test_does_not_go_in_circles(self, site: str, tmp_path: Path) -> None:
        Answers.pages["/"] = (302, {"Location": "/"}, b"")

        with pytest.raises(errors.InvalidInput, match="more than 3 times"):
            fetch(f"{site}/", tmp_path)

        assert len(Answers.asked) == 4

    @pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://x", "http://u:p@h/"])
    def test_does_not_go_everywhere_it_is_sent(self, site: str, tmp_path: Path, location: str) -> None:
        Answers.pages["/"] = (302, {"Location": location}, b"")

        with pytest.raises(errors.InvalidInput) as caught:
            fetch(f"{site}/", tmp_path)

        assert set(caught.value.faults) == {"url"}

    def test_says_what_the_server_answers(self, site: str, tmp_path: Path) -> None:
        with pytest.raises(errors.InvalidInput, match=r"'127\.0\.0\.1' answers 404 Not Found"):
            fetch(f"{site}/nothing?token=secret", tmp_path)


class TestAddress:
    @pytest.mark.parametrize(
        "url",
        [
            *("", "flowers.zip", "file:///etc/passwd", "ftp://x/y", "http://", "http://[::1", "http://h:99999/"),
            *("http://h/a b", "http://h/\r\nX: y", "javascript:alert(1)", "//h/x"),
        ],
    )
    def test_that_is_none_is_refused(self, tmp_path: Path, url: str) -> None:
        with pytest.raises(errors.InvalidInput, match="is no address; expected http"):
            fetch(url, tmp_path)

    def test_with_a_password_is_refused_without_repeating_it(self, tmp_path: Path) -> None:
        with pytest.raises(errors.InvalidInput, match="a name or password") as caught:
            fetch("https://me:secret@example.org/", tmp_path)

        assert "secret" not in str(caught.value)

    @pytest.mark.parametrize(
        "host",
        [
            *("127.0.0.1", "localhost", "[::1]", "10.1.2.3", "192.168.0.1", "169.254.169.254", "0.0.0.0"),
            *(
                "[::ffff:10.0.0.1]",
                "[fd00::1]",
                "[2002:7f00:1::]",
                "[64:ff9b::a01:203]",
                "2130706433",
                "0x7f.1",
                "224.0.0.1",
                "100.64.0.1",
            ),
        ],
    )
    def test_in_the_hubs_own_network_is_not_asked(self, tmp_path: Path, host: str) -> None:
        with pytest.raises(errors.InvalidInput, match="in the hub's own network"):
            fetch(f"http://{host}:9/", tmp_path, storage.Limits())

    def test_that_nobody_knows_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(errors.InvalidInput, match="is not known"):
            fetch("http://nothing.invalid/", tmp_path)


class TestLimits:
    @pytest.mark.parametrize("length", ["2000000", ""])
    def test_of_the_size_hold(self, site: str, tmp_path: Path, length: str) -> None:
        Answers.pages["/"] = (200, {"Content-Length": length}, b"x" * 2_000_000)

        with pytest.raises(errors.TooLarge):
            fetch(f"{site}/", tmp_path)

        assert not (tmp_path / "fetched").exists() or (tmp_path / "fetched").stat().st_size <= 1_000_000

    def test_of_patience_hold_for_a_server_that_says_nothing(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}/"

            with pytest.raises(errors.Unavailable, match="does not answer"):
                fetch(url, tmp_path, storage.Limits(silence_s=0.1, private_addresses=True))

    def test_of_patience_hold_for_a_server_that_never_ends(self, tmp_path: Path) -> None:
        impatient = storage.Limits(download_s=0.2, private_addresses=True)
        over = threading.Event()

        def drip(listener: socket.socket) -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                while not over.wait(0.01):
                    try:
                        connection.sendall(b"x")
                    except OSError:
                        return

        with socket.create_server(("127.0.0.1", 0)) as listener:
            dripping = threading.Thread(target=drip, args=(listener,))
            dripping.start()

            with pytest.raises(errors.Unavailable, match="takes too long"):
                fetch(f"http://127.0.0.1:{listener.getsockname()[1]}/", tmp_path, impatient)

            over.set()
            dripping.join()

    def test_of_what_was_announced_hold(self, site: str, tmp_path: Path) -> None:
        Answers.pages["/"] = (200, {"Content-Length": "100"}, b"x" * 50)

        with pytest.raises(errors.Unavailable, match="broke off"):
            fetch(f"{site}/", tmp_path)

    def test_of_a_port_where_nobody_is_hold(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]

        with pytest.raises(errors.Unavailable, match="does not answer"):
            fetch(f"http://127.0.0.1:{port}/", tmp_path)


class TestAddUrl:
    @pytest.fixture
    def datasets(self, tmp_path: Path) -> storage.Datasets:
        return storage.Datasets(tmp_path / "datasets", limits=OPEN, clock=clock.FixedClock())

    def test_unpacks_an_archive(self, site: str, datasets: storage.Datasets, tmp_path: Path) -> None:
        packed = archives.make(tmp_path / "packed", {f"top/{name}": data for name, data in GOOD.items()}, "tar.gz")
        Answers.pages["/export"] = (200, {}, packed.read_bytes())

        made = datasets.add_url("flowers", f"{site}/export")

        assert made.files == 3
        assert (made.path / "train/rose/1.jpg").read_bytes() == b"rose"
        assert [path.name for path in made.path.parent.iterdir() if path.name != "dataset.json"] == ["files"]

    def test_keeps_a_file(self, site: str, datasets: storage.Datasets) -> None:
        Answers.pages["/data.csv"] = (200, {}, b"1,2\n")

        made = datasets.add_url("flowers", f"{site}/data.csv")

        assert (made.files, made.bytes) == (1, 4)
        assert (made.path / "data.csv").read_bytes() == b"1,2\n"

    @pytest.mark.parametrize("path", ["/nothing", "/evil"])
    def test_leaves_nothing_behind_that_is_refused(
        self, site: str, datasets: storage.Datasets, tmp_path: Path, path: str
    ) -> None:
        Answers.pages["/evil"] = (200, {}, archives.make(tmp_path / "evil", {"../evil": b"1"}, "zip").read_bytes())

        with pytest.raises(errors.InvalidInput):
            datasets.add_url("flowers", f"{site}{path}")

        assert datasets.list() == ()
        assert list((tmp_path / "datasets" / ".staging").iterdir()) == []

    def test_tells_how_far_it_is(self, site: str, datasets: storage.Datasets, tmp_path: Path) -> None:
        packed = archives.make(tmp_path / "packed", GOOD, "zip").read_bytes()
        Answers.pages["/export"] = (200, {}, packed)
        told: list[steps.Step] = []

        made = datasets.add_url("flowers", f"{site}/export", progress=told.append)

        last = {each.text: (each.done, each.total) for each in told}
        assert last == {"Downloading from '127.0.0.1'": (len(packed), len(packed)), "Unpacking": (made.bytes, None)}

    def test_leaves_nothing_behind_when_its_progress_is_not_wanted_any_more(
        self, site: str, datasets: storage.Datasets, tmp_path: Path
    ) -> None:
        Answers.pages["/data.csv"] = (200, {}, b"1,2\n")

        def stop(_: steps.Step) -> None:
            raise KeyError

        with pytest.raises(KeyError):
            datasets.add_url("flowers", f"{site}/data.csv", progress=stop)

        assert datasets.list() == ()
        assert list((tmp_path / "datasets" / ".staging").iterdir()) == []

    def test_is_the_same_for_the_same_mark(self, site: str, datasets: storage.Datasets) -> None:
        Answers.pages["/data.csv"] = (200, {}, b"1,2\n")

        first, second = (datasets.add_url("flowers", f"{site}/data.csv", mark="m") for _ in range(2))

        assert first == second
        with pytest.raises(errors.Conflict):
            datasets.add_url("flowers", f"{site}/data.csv", mark="other")
        assert len(Answers.asked) == 1

    def test_is_checked_without_asking_the_site(self, site: str, datasets: storage.Datasets, tmp_path: Path) -> None:
        closed = storage.Datasets(tmp_path / "datasets", limits=storage.Limits(), clock=clock.FixedClock())

        datasets.check_url("flowers", site)
        for name, url in (("../x", site), ("flowers", "ftp://x/y"), ("flowers", site)):
            with pytest.raises(errors.InvalidInput):
                closed.check_url(name, url)

        assert Answers.asked == []

    def test_leftovers_of_a_crash_are_swept(self, datasets: storage.Datasets, tmp_path: Path) -> None:
        (tmp_path / "datasets" / ".staging" / "dead").mkdir(parents=True)

        datasets.sweep()

        assert list((tmp_path / "datasets" / ".staging").iterdir()) == []
