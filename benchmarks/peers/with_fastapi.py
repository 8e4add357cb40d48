"""FastAPI as its tutorial has it: a plain function for what computes, which runs in the thread pool."""

from typing import Annotated, Any

from fastapi import FastAPI, Form, UploadFile

from pelagos.module import File
from pelagos_image_classification import ImageClassification

app = FastAPI()
classifier = ImageClassification()
classifier.load(None)


@app.post("/trivial")
async def trivial(
    text: Annotated[str, Form(max_length=1000)] = "", number: Annotated[int, Form(ge=1, le=50)] = 1
) -> dict[str, Any]:
    """Give back the arguments."""
    return {"text": text, "number": number}


@app.post("/image")
def image(image: UploadFile, top_k: Annotated[int, Form(ge=1, le=50)] = 5) -> dict[str, Any]:
    """Classify a picture."""
    return classifier.predict(File(image.filename or "", data=image.file.read()), top_k)
