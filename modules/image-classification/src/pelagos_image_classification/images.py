"""From the bytes of a picture file to the square of RGB that the network sees.

The header is checked before anything is decoded; every mode ends as RGB; faults name what was found and expected.
"""

import importlib
import io
import struct
import zlib
from typing import Any, Literal

import numpy
import PIL
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from pelagos_image_classification import extras

Picture = numpy.ndarray[Any, numpy.dtype[numpy.uint8]]
"""Height by width by RGB."""
Content = bytes | bytearray | memoryview
Framing = Literal["crop", "pad", "squash"]
"""How a picture becomes a square: its centre; whole, on a ground of its border's colour; whole, its shape given up."""

PIXEL_CAP = 40_000_000
# These and no others: Pillow knows formats that start other programs. Naming the plugins also registers them;
# several JPEGs in one file (MPO) come under JPEG.
FORMATS = tuple(
    plugin.format
    for plugin in (
        JpegImagePlugin.JpegImageFile,
        PngImagePlugin.PngImageFile,
        WebPImagePlugin.WebPImageFile,
        TiffImagePlugin.TiffImageFile,
        GifImagePlugin.GifImageFile,
        BmpImagePlugin.BmpImageFile,
        PpmImagePlugin.PpmImageFile,
        Jpeg2KImagePlugin.Jpeg2KImageFile,
    )
    if plugin.format
)
SUFFIXES = frozenset(
    f".{name}"
    for name in (
        *("jpg", "jpeg", "jpe", "mpo", "png", "webp", "tif", "tiff", "gif", "bmp", "pgm", "ppm", "pbm", "jp2"),
        *("dcm", "dicom"),
    )
)
# What Pillow's decoders raise on foreign or damaged content.
_UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    EOFError,
    OverflowError,
    struct.error,
    zlib.error,
)
_ROOM = 8 / 7  # The weights were trained on crops of 7/8 of a picture.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Our own cap is lower and is checked on the header; Pillow's would add a warning of its own.
Image.MAX_IMAGE_PIXELS = None


class BadPicture(Exception):
    """The content is not a picture that can be used; the message completes "FILE: ..."."""


def decode(content: Content, *, size: int, framing: Framing = "crop") -> Picture:
    """Decode to `size` by `size` RGB; raises BadPicture."""
    try:
        return _small(content, size, framing)
    except MemoryError as error:
        raise BadPicture("too large to be decoded in this machine's memory") from error
    except _UNREADABLE as error:
        raise BadPicture(f"cut short or damaged, expected a complete picture ({error})") from error


def ten_crops(content: Content, *, size: int, framing: Framing = "crop") -> Picture:
    """Decode to ten fixed views: the corners, the centre, and their mirror images."""
    full = round(size * _ROOM)
    square = decode(content, size=full, framing=framing)
    far, middle = full - size, (full - size) // 2
    corners = ((0, 0), (0, far), (far, 0), (far, far), (middle, middle))
    crops = [square[top : top + size, left : left + size] for top, left in corners]
    return numpy.stack([*crops, *(crop[:, ::-1] for crop in crops)])


def opened(content: Content) -> Image.Image:
    """Read the header and check it; nothing is decoded yet (except DICOM, which has its own check)."""
    if len(content) == 0:
        raise BadPicture("the file is empty, expected a picture")
    if bytes(content[128:132]) == b"DICM":
        return _dicom(content)
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
    except PIL.UnidentifiedImageError:
        raise BadPicture(f"{_guess(content)}, expected a picture ({', '.join(FORMATS)} or DICOM)") from None
    check_size(*image.size)
    return image


def check_size(width: int, height: int) -> None:
    """Raise BadPicture when a picture of this size is not to be decoded."""
    if width * height > PIXEL_CAP:
        raise BadPicture(f"{width} x {height} pixels, expected at most {PIXEL_CAP // 1_000_000} million")
    if min(width, height) < 1:
        raise BadPicture("the picture has no pixels")


def stretched(values: numpy.ndarray[Any, numpy.dtype[Any]]) -> Image.Image:
    """Bring numbers of any range to 8-bit grey: the lowest is black, the highest white."""
    finite = numpy.nan_to_num(numpy.asarray(values, numpy.float32), posinf=0.0, neginf=0.0)
    low, high = float(finite.min()), float(finite.max())
    return Image.fromarray(((finite - low) * (255 / (high - low or 1.0))).astype(numpy.uint8))


def _small(content: Content, size: int, framing: Framing) -> Picture:
    image = opened(content)
    full = round(size * _ROOM) if framing == "crop" else size
    image.draft(None, (full, full))
    turn = _TURNS.get(_orientation(image))
    image = _square(_plain(image), size, full, framing)
    image = image if turn is None else image.transpose(turn)
    return numpy.asarray(image if image.mode == "RGB" else image.convert("RGB"))


def _orientation(image: Image.Image) -> int:
    """Tell how the camera was held; asked only where there is EXIF, for parsing costs more than a resize.

    Pillow turns TIFF by itself while it decodes.
    """
    if image.format == "TIFF" or ("exif" not in image.info and image.format not in {"PNG", "WEBP"}):
        return 1
    turned = image.getexif().get(0x0112, 1)
    return turned if isinstance(turned, int) else 1


def _plain(image: Image.Image) -> Image.Image:
    """Bring any mode to RGB or 8-bit grey; what is transparent becomes white."""
    if image.mode in {"RGB", "L"} and "transparency" not in image.info:
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return stretched(numpy.asarray(image))
    if image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info:
        layer = image.convert("RGBA")
        ground = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(ground, layer).convert("RGB")
    return image.convert("RGB")


def _square(image: Image.Image, size: int, full: int, framing: Framing) -> Image.Image:
    if framing == "crop":
        side = min(image.size) * size / full
        left, top = (image.width - side) / 2, (image.height - side) / 2
        return image.resize((size, size), Image.Resampling.BICUBIC, (left, top, left + side, top + side))
    if framing == "squash" or image.width == image.height:
        return image.resize((size, size), Image.Resampling.BICUBIC)
    return _padded(image, size)


def _padded(image: Image.Image, size: int) -> Image.Image:
    shrink = size / max(image.size)
    width, height = (max(1, round(side * shrink)) for side in image.size)
    small = image.resize((width, height), Image.Resampling.BICUBIC)
    ground = Image.new(small.mode, (size, size), border_colour(numpy.asarray(small)))
    ground.paste(small, ((size - width) // 2, (size - height) // 2))
    return ground


def border_colour(picture: Picture) -> tuple[int, ...] | int:
    """Give the middle colour along the border, which is the ground in most scientific pictures."""
    border = numpy.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    middle = numpy.median(border, 0)
    return int(middle) if middle.ndim == 0 else tuple(int(part) for part in middle)


def _dicom(content: Content) -> Image.Image:
    try:
        reader = importlib.import_module("pelagos_image_classification.dicom")
    except ModuleNotFoundError as error:
        if error.name != "pydicom":
            raise
        raise BadPicture(f"a DICOM file, which needs pydicom: {extras.command('dicom')}") from error
    image: Image.Image = reader.opened(content)
    return image


def _guess(content: Content) -> str:
    """Say what a file that is no picture looks like."""
    start = bytes(content[:512])
    if start.startswith(b"PK"):
        return "a zip archive"
    if start.startswith(b"%PDF"):
        return "a PDF document"
    if not start.strip(b"\0"):
        return "nothing but zero bytes"
    if start.lstrip()[:1] == b"<":
        return "a page of HTML or XML"
    return "not a picture of a known format"
