"""From the bytes of any file to the square the network sees."""

import io
import random
import struct
import sys
import zipfile
import zlib
from pathlib import Path

import numpy
import pytest
from PIL import Image

from builders import encoded, noise
from pelagos_image_classification import extras, images


def mean(picture: numpy.ndarray) -> list[int]:
    return [round(float(part)) for part in picture.reshape(-1, 3).mean(0)]


def bomb(width: int, height: int) -> bytes:
    """A PNG whose header promises far more than its few bytes hold."""
    chunks = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in (
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
            (b"IDAT", zlib.compress(b"\0" * 1000)),
            (b"IEND", b""),
        )
    )
    return b"\x89PNG\r\n\x1a\n" + chunks


class TestAPictureOfAnyMode:
    @pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "YCbCr", "I;16", "I", "F"])
    @pytest.mark.parametrize("framing", ["crop", "pad", "squash"])
    def test_becomes_a_square_of_rgb(self, mode: str, framing: images.Framing) -> None:
        plane = numpy.tile(numpy.arange(90, dtype=numpy.float32) * 2, (50, 1))
        if mode in {"I;16", "I", "F"}:
            kinds = {"I;16": numpy.uint16, "I": numpy.int32, "F": numpy.float32}
            image = Image.fromarray((plane * 300).astype(kinds[mode]))
        else:
            image = Image.fromarray(plane.astype(numpy.uint8)).convert(mode)
        content = encoded(image, "TIFF")

        picture = images.decode(content, size=64, framing=framing)

        assert picture.shape == (64, 64, 3)
        assert picture.dtype == numpy.uint8
        assert picture.std() > 20

    def test_is_white_where_it_was_transparent(self) -> None:
        content = encoded(Image.new("RGBA", (40, 40), (200, 0, 0, 0)))
        palette = Image.new("P", (40, 40), 3)
        palette.putpalette([0, 200, 0] * 256)

        seen = images.decode(content, size=32)
        seen_palette = images.decode(encoded(palette, "GIF", transparency=3), size=32)

        assert mean(seen) == [255, 255, 255]
        assert mean(seen_palette) == [255, 255, 255]

    def test_keeps_the_whole_range_of_sixteen_bits(self) -> None:
        dark = numpy.tile(numpy.linspace(100, 900, 64).astype(numpy.uint16), (64, 1))

        picture = images.decode(encoded(Image.fromarray(dark)), size=64, framing="squash")

        assert picture.min() < 5
        assert picture.max() > 250

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
    def test_stands_upright_as_the_camera_was_held(self, kind: str) -> None:
        image = Image.new("RGB", (80, 40), "black")
        image.paste("white", (0, 0, 40, 40))
        exif = Image.Exif()
        exif[0x0112] = 6

        turned = images.decode(encoded(image, kind, exif=exif), size=32, framing="squash")

        assert turned[2, 16].mean() > 200
        assert turned[29, 16].mean() < 50


class TestFraming:
    def test_crop_takes_the_centre(self) -> None:
        image = Image.new("RGB", (300, 100), "red")
        image.paste("blue", (100, 0, 200, 100))

        assert mean(images.decode(encoded(image), size=32, framing="crop")) == [0, 0, 255]

    def test_pad_shows_all_of_it_on_the_colour_of_its_border(self) -> None:
        image = Image.new("RGB", (300, 100), (10, 200, 30))
        image.paste("black", (140, 40, 160, 60))

        picture = images.decode(encoded(image), size=64, framing="pad")

        assert picture[0, 0].tolist() == [10, 200, 30]
        assert picture[32, 32].max() < 60

    def test_ten_crops_are_five_views_and_their_mirror_images(self) -> None:
        views = images.ten_crops(encoded(noise((200, 150))), size=64)

        assert views.shape == (10, 64, 64, 3)
        assert numpy.array_equal(views[5:], views[:5, :, ::-1])
        assert len({view.tobytes() for view in views}) == 10

    def test_scaling_while_decoding_changes_little(self, photos: list[tuple[Path, int]]) -> None:
        content = photos[0][0].read_bytes()
        whole = Image.open(io.BytesIO(content)).convert("RGB")
        exact = images.decode(encoded(whole), size=96)

        quick = images.decode(content, size=96)

        assert numpy.abs(quick.astype(float) - exact).mean() < 6


class TestAFileThatIsNoUsablePicture:
    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "the file is empty"),
            (b"\0" * 1_000_000, "nothing but zero bytes"),
            (b"%PDF-1.7 ...", "a PDF document"),
            (b"<!doctype html><html>", "a page of HTML or XML"),
            (b"classes: a, b", "not a picture of a known format"),
            (bomb(10_000, 10_000), "10000 x 10000 pixels, expected at most 40 million"),
            (bomb(200_000, 200_000), "200000 x 200000 pixels"),
            (bomb(600, 600), "cut short or damaged"),
        ],
    )
    def test_is_refused_with_the_reason(self, content: bytes, reason: str) -> None:
        with pytest.raises(images.BadPicture, match=reason):
            images.decode(content, size=64)

    def test_is_refused_when_it_is_an_archive(self) -> None:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            archive.writestr("picture.png", encoded(noise()))

        with pytest.raises(images.BadPicture, match="a zip archive"):
            images.decode(target.getvalue(), size=64)

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "GIF", "BMP"])
    def test_is_refused_when_it_is_cut_short(self, kind: str) -> None:
        content = encoded(noise((120, 90)), kind)

        with pytest.raises(images.BadPicture):
            images.decode(content[: len(content) // 2], size=64)

    @pytest.mark.filterwarnings("ignore")  # Pillow warns of what it passes over.
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "GIF", "BMP", "PPM", "JPEG2000"])
    def test_never_does_worse_than_be_refused(self, kind: str) -> None:
        content, chance = encoded(noise((40, 30)), kind), random.Random(kind)

        for _ in range(60):
            damaged = bytearray(content)
            for _ in range(chance.randrange(1, 12)):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            try:
                assert images.decode(bytes(damaged), size=32).shape == (32, 32, 3)
            except images.BadPicture as error:
                assert str(error)  # noqa: PT017 - both ends are right; nothing else is


class TestADicomFile:
    def test_is_read_when_pydicom_is_there(self) -> None:
        pytest.importorskip("pydicom", reason="pydicom is an extra")
        from pydicom.data import get_testdata_file  # noqa: PLC0415 - optional

        content = Path(str(get_testdata_file("CT_small.dcm", download=False))).read_bytes()

        picture = images.decode(content, size=64, framing="squash")

        assert picture.shape == (64, 64, 3)
        assert picture.std() > 20

    def test_is_refused_with_the_command_that_installs_what_reads_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pydicom", None)
        monkeypatch.delitem(sys.modules, "pelagos_image_classification.dicom", raising=False)

        with pytest.raises(images.BadPicture) as caught:
            images.decode(b"\0" * 128 + b"DICM", size=64)

        assert str(caught.value) == f"a DICOM file, which needs pydicom: {extras.command('dicom')}"

    def test_is_refused_when_it_is_damaged(self) -> None:
        pytest.importorskip("pydicom", reason="pydicom is an extra")

        with pytest.raises(images.BadPicture):
            images.decode(b"\0" * 128 + b"DICM" + b"\1\2\3" * 50, size=64)
