"""DICOM files, made here."""

import io

import numpy
import pytest

from pelagos_image_classification import images

pydicom = pytest.importorskip("pydicom", reason="pydicom is an extra")


def file(values: numpy.ndarray, **elements: object) -> bytes:
    """Write the pixels as an uncompressed DICOM file; more elements replace what follows from the pixels."""
    made = pydicom.Dataset()
    made.file_meta = pydicom.dataset.FileMetaDataset()
    made.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = pydicom.uid.SecondaryCaptureImageStorage
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    bits = values.dtype.itemsize * 8
    usual = {
        "Rows": values.shape[0],
        "Columns": values.shape[1],
        "PixelRepresentation": 0,
        "BitsAllocated": bits,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "SamplesPerPixel": values.shape[2] if values.ndim == 3 else 1,
        "PhotometricInterpretation": "MONOCHROME2",
    }
    for name, value in {**usual, **elements}.items():
        setattr(made, name, value)
    made.PixelData = values.tobytes()
    target = io.BytesIO()
    made.save_as(target, enforce_file_format=True)
    return target.getvalue()


def seen(content: bytes) -> numpy.ndarray:
    return images.decode(content, size=32, framing="squash")


RAMP = numpy.tile(numpy.arange(32, dtype=numpy.uint16) * 100, (32, 1))


class TestADicomPicture:
    def test_is_stretched_from_its_darkest_to_its_brightest(self) -> None:
        picture = seen(file(RAMP))

        assert (picture[0, 0].tolist(), picture[0, -1].tolist()) == ([0, 0, 0], [255, 255, 255])

    def test_is_inverted_where_low_means_bright(self) -> None:
        picture = seen(file(RAMP, PhotometricInterpretation="MONOCHROME1"))

        assert numpy.array_equal(picture, seen(file(RAMP))[:, ::-1])

    def test_is_seen_through_the_window_it_asks_for(self) -> None:
        picture = seen(file(RAMP, WindowCenter=1000, WindowWidth=200))

        assert picture[0, :8].max() == 0
        assert picture[0, 13:].min() == 255

    def test_keeps_its_colours(self) -> None:
        values = numpy.zeros((32, 32, 3), numpy.uint8)
        values[...] = (200, 100, 50)

        picture = seen(file(values, PhotometricInterpretation="RGB", PlanarConfiguration=0))

        assert picture.reshape(-1, 3).mean(0).round().tolist() == [200, 100, 50]

    def test_of_several_frames_is_the_first(self) -> None:
        frames = numpy.stack([RAMP, RAMP[:, ::-1]])

        picture = seen(file(frames, NumberOfFrames=2, Rows=32, Columns=32, SamplesPerPixel=1))

        assert numpy.array_equal(picture, seen(file(RAMP)))


class TestADicomFileThatIsRefused:
    def test_promises_too_many_pixels_in_its_header(self) -> None:
        with pytest.raises(images.BadPicture) as caught:
            seen(file(RAMP, Rows=10_000, Columns=10_000))

        assert str(caught.value) == "10000 x 10000 pixels, expected at most 40 million"

    def test_has_fewer_pixels_than_it_says(self) -> None:
        with pytest.raises(images.BadPicture, match=r"^(a DICOM file without a picture|cut short or damaged)"):
            seen(file(RAMP, Rows=64))

    def test_has_no_picture(self) -> None:
        made = file(RAMP)
        header = pydicom.dcmread(io.BytesIO(made))
        del header.PixelData
        target = io.BytesIO()
        header.save_as(target)

        with pytest.raises(images.BadPicture, match=r"^a DICOM file without a picture that can be read"):
            seen(target.getvalue())
