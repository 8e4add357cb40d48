from pathlib import Path

import pytest

from pelagos.domain import errors
from pelagos.environments import sources
from pelagos.environments.sources import Source, SourceKind


@pytest.fixture
def here(tmp_path: Path) -> Path:
    for name in ("module", "with [brackets]"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pyproject.toml").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "tiny-1.0-py3-none-any.whl").touch()
    (tmp_path / "tiny-1.0.tar.gz").touch()
    return tmp_path


class TestParse:
    @pytest.mark.parametrize("text", ["module", "./module", "module/", " ./module "])
    def test_understands_a_folder(self, here: Path, text: str) -> None:
        assert sources.parse(text, folder=here) == Source(SourceKind.FOLDER, str(here / "module"))

    def test_understands_extras_of_a_folder(self, here: Path) -> None:
        found = sources.parse("./module[Train, dicom_x]", folder=here)

        assert found == Source(SourceKind.FOLDER, str(here / "module"), ("dicom-x", "train"))
        assert str(found) == f"{here}/module[dicom-x,train]"

    def test_takes_brackets_for_a_folder_of_that_name(self, here: Path) -> None:
        assert sources.parse("with [brackets]", folder=here).extras == ()

    @pytest.mark.parametrize(
        ("text", "kind"),
        [
            ("tiny-1.0-py3-none-any.whl", SourceKind.WHEEL),
            ("tiny-1.0.tar.gz", SourceKind.SDIST),
            ("https://example.org/tiny-1.0.tar.gz", SourceKind.SDIST),
            ("https://example.org/tiny-1.0-py3-none-any.whl[more]", SourceKind.WHEEL),
        ],
    )
    def test_understands_archives(self, here: Path, text: str, kind: SourceKind) -> None:
        assert sources.parse(text, folder=here).kind is kind

    @pytest.mark.parametrize(
        "text",
        [
            "docker://flowers",
            "podman://registry.example.org:5000/a/flowers",
            "flowers:1.0",
            "deephdc/deep-oc-flowers:cpu",
            "localhost:5000/a/flowers:latest",
            f"flowers@sha256:{'0' * 64}",
        ],
    )
    def test_understands_an_image(self, here: Path, text: str) -> None:
        assert sources.parse(text, folder=here) == Source(SourceKind.IMAGE, text)

    def test_takes_a_folder_before_an_image_of_that_name(self, here: Path) -> None:
        (here / "flowers:1").mkdir()
        (here / "flowers:1" / "setup.py").touch()

        assert sources.parse("flowers:1", folder=here).kind is SourceKind.FOLDER

    @pytest.mark.parametrize(
        ("text", "root"),
        [
            ("http://localhost:5000", "http://localhost:5000"),
            ("http://localhost:5000/", "http://localhost:5000"),
            ("https://example.org/v2", "https://example.org"),
            ("https://example.org/my/base/v2/", "https://example.org/my/base"),
        ],
    )
    def test_understands_a_server(self, here: Path, text: str, root: str) -> None:
        assert sources.parse(text, folder=here) == Source(SourceKind.SERVER, root)
        assert sources.is_server(text)

    @pytest.mark.parametrize(
        ("text", "url", "reference"),
        [
            ("git+https://example.org/a/b.git", "https://example.org/a/b.git", ""),
            ("https://example.org/a/b", "https://example.org/a/b", ""),
            ("git+https://example.org/a/b@v1.0#egg=b", "https://example.org/a/b", "v1.0"),
            ("git+ssh://git@example.org/a/b.git", "ssh://git@example.org/a/b.git", ""),
            ("git+ssh://git@example.org/a/b.git@main", "ssh://git@example.org/a/b.git", "main"),
            ("git@example.org:a/b.git", "ssh://git@example.org/a/b.git", ""),
        ],
    )
    def test_understands_git_addresses(self, here: Path, text: str, url: str, reference: str) -> None:
        assert sources.parse(text, folder=here) == Source(SourceKind.GIT, url, (), reference)
        assert not sources.is_server(text)

    @pytest.mark.parametrize(
        ("text", "location", "extras"),
        [
            ("some-module", "some-module", ()),
            ("some-module==1.0", "some-module==1.0", ()),
            ("some-module [a] >= 1.0, < 2", "some-module>=1.0,<2", ("a",)),
        ],
    )
    def test_understands_names_on_the_index(
        self, here: Path, text: str, location: str, extras: tuple[str, ...]
    ) -> None:
        assert sources.parse(text, folder=here) == Source(SourceKind.INDEX, location, extras)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("empty", "it is not a Python project"),
            ("./nowhere", "there is no folder './nowhere'"),
            ("nowhere-1.0-py3-none-any.whl", "there is no file"),
            ("--index-url=https://example.org", "is not understood|there is no folder"),
            ("-r", "is not understood"),
            ("a b", "is not understood"),
            ("", "is not understood|none of"),
        ],
    )
    def test_refuses_the_rest(self, here: Path, text: str, message: str) -> None:
        with pytest.raises(errors.InvalidInput, match=message) as caught:
            sources.parse(text, folder=here)

        assert list(caught.value.faults) == ["source"]

    def test_hands_no_option_to_git(self, here: Path) -> None:
        assert sources.parse("git+https://example.org/a/b@--upload-pack=x", folder=here).reference == ""


class TestImage:
    @pytest.mark.parametrize(
        "text", ["docker://--privileged", "podman://-v/h:/h", "docker://$(x)", "-v/h:x", "docker://"]
    )
    def test_is_never_an_option_of_the_engine(self, here: Path, text: str) -> None:
        with pytest.raises(errors.InvalidInput):
            sources.parse(text, folder=here)


class TestIsSource:
    @pytest.mark.parametrize(
        "text", ["./module", "..", "a/b", "flowers:1", "docker://flowers", "http://localhost:5000"]
    )
    def test_is_true_for_what_no_module_can_be_called(self, here: Path, text: str) -> None:
        assert sources.is_source(text, folder=here)

    @pytest.mark.parametrize("text", ["flowers", "my-module", "probe_1.0"])
    def test_is_false_for_what_may_be_a_name(self, here: Path, text: str) -> None:
        assert not sources.is_source(text, folder=here)
