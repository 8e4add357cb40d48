"""LitServe with one worker process for each core: `with_litserve.py trivial|image PORT`."""

import os
import sys
from typing import Any

import litserve
from fastapi import Request

from pelagos.module import File
from pelagos_image_classification import ImageClassification


class Trivial(litserve.LitAPI):
    """Gives back the arguments."""

    def setup(self, device: str) -> None:
        """Nothing to load."""

    def decode_request(self, request: Request) -> tuple[str, int]:
        """Read and check the form."""
        text, number = str(request.get("text", "")), int(request.get("number", 1))
        if not 1 <= number <= 50 or len(text) > 1000:
            raise ValueError("out of bounds")
        return text, number

    def predict(self, arguments: tuple[str, int]) -> dict[str, Any]:
        """Answer."""
        return {"text": arguments[0], "number": arguments[1]}


class Image(litserve.LitAPI):
    """Classifies a picture."""

    def setup(self, device: str) -> None:  # noqa: ARG002 - the shape that LitServe wants
        """Load the weights."""
        self.classifier = ImageClassification()
        self.classifier.load(None)

    def decode_request(self, request: Request) -> bytes:
        """Read the file."""
        content: bytes = request["image"].file.read()
        return content

    def predict(self, content: bytes) -> dict[str, Any]:
        """Answer."""
        return self.classifier.predict(File("a.jpg", data=content))


if __name__ == "__main__":
    api = {"trivial": Trivial, "image": Image}[sys.argv[1]]()
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=len(os.sched_getaffinity(0)))
    server.run(host="127.0.0.1", port=int(sys.argv[2]), generate_client_file=False, log_level="error")
