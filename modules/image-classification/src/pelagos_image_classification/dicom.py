"""Reads the first frame of a DICOM file; loaded only when one arrives, for pydicom is an optional extra."""

import io

import numpy
import pydicom
from PIL import Image
from pydicom import pixels

from pelagos_image_classification import images


def opened(content: images.Content) -> Image.Image:
    """Decode the first frame, with the modality's and the viewer's scaling, inverted where low means bright."""
    try:
        header = pydicom.dcmread(io.BytesIO(content))
        images.check_size(int(header.Columns), int(header.Rows))
        values = pydicom.pixels.pixel_array(header, index=0)
    except (AttributeError, NotImplementedError, RuntimeError, pydicom.errors.InvalidDicomError) as error:
        raise images.BadPicture(f"a DICOM file without a picture that can be read ({error})") from error
    if values.ndim == 3:
        return (
            Image.fromarray(numpy.asarray(values, numpy.uint8))
            if values.dtype == numpy.uint8
            else images.stretched(values.mean(2))
        )
    values = pixels.apply_voi_lut(pixels.apply_modality_lut(values, header), header)
    inverted = header.get("PhotometricInterpretation") == "MONOCHROME1"
    return images.stretched(-numpy.asarray(values, numpy.float32) if inverted else values)
