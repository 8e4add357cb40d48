"""Writing ONNX files by hand."""

import numpy
import onnxruntime

from pelagos_image_classification import onnx_writer


class TestAWrittenGraph:
    def test_is_run_by_onnx_runtime(self) -> None:
        content = onnx_writer.model(
            nodes=[
                onnx_writer.node("Gemm", ["x", "w"], ["y"], alpha=0.5, transB=1),
                onnx_writer.node("Transpose", ["y"], ["z"], perm=[1, 0]),
            ],
            constants=[onnx_writer.tensor("w", numpy.array([[1, 2], [3, 4], [5, 6]], numpy.float32))],
            inputs=[onnx_writer.value("x", "float32", ["n", 2])],
            outputs=[onnx_writer.value("z", "float32", [3, "n"])],
            notes={"about": "two operators"},
        )
        session = onnxruntime.InferenceSession(content)

        answer = session.run(["z"], {"x": numpy.array([[2, 4]], numpy.float32)})[0]

        assert answer.tolist() == [[5.0], [11.0], [17.0]]
        assert session.get_modelmeta().custom_metadata_map == {"about": "two operators"}
        assert session.get_inputs()[0].shape == ["n", 2]

    def test_keeps_long_and_negative_numbers(self) -> None:
        content = onnx_writer.model(
            nodes=[onnx_writer.node("Softmax", ["x"], ["y"], axis=-1)],
            constants=[],
            inputs=[onnx_writer.value("x", "float32", [1, 300])],
            outputs=[onnx_writer.value("y", "float32", [1, 300])],
            notes={},
        )

        answer = onnxruntime.InferenceSession(content).run(["y"], {"x": numpy.zeros((1, 300), numpy.float32)})[0]

        assert abs(float(answer.sum()) - 1) < 1e-5
