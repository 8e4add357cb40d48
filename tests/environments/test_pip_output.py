import pytest

from pelagos.environments import Step, pip_output


class TestStep:
    @pytest.mark.parametrize(
        ("line", "step"),
        [
            ("Collecting numpy>=2\n", Step("Collecting numpy>=2")),
            ("  Downloading numpy-2.0.whl (16.4 MB)\n", Step("Downloading numpy-2.0.whl (16.4 MB)")),
            ("Progress 1024 of 4096\n", Step("Downloading", 1024, 4096)),
            ("Progress 1024 of 0\n", Step("Downloading", 1024, None)),
            ("Receiving objects:   1%\rReceiving objects: 100% (3/3)\n", Step("Receiving objects: 100% (3/3)")),
        ],
    )
    def test_tells_people_what_goes_on(self, line: str, step: Step) -> None:
        assert pip_output.step(line) == step

    @pytest.mark.parametrize("line", ["\n", "  Stored in directory: /tmp/x\n", "  Preparing metadata: started\n"])
    def test_leaves_the_rest_to_the_log(self, line: str) -> None:
        assert pip_output.step(line) is None


class TestReason:
    @pytest.mark.parametrize(
        ("lines", "reason"),
        [
            (["ERROR: Could not find it\n", "ERROR: No matching one for x\n"], "No matching one for x"),
            (["error: subprocess-exited-with-error\n", "ERROR: Failed to build x\n"], "Failed to build x"),
            (["OSError: gone\n", "ERROR: subprocess-exited-with-error\n", "error: bad thing\n"], "bad thing"),
            (["fatal: no repository\n", "fatal: giving up\n"], "no repository"),
            (["something\n", "\n"], "something"),
            ([], "no reason was given"),
        ],
    )
    def test_is_the_line_that_says_most(self, lines: list[str], reason: str) -> None:
        assert pip_output.reason(lines) == reason


class TestRequirementName:
    @pytest.mark.parametrize(
        "text", ["torch", "torch==2.13.0", "torch [a]>=1", "torch @ https://x", "torch;python_version>'3'"]
    )
    def test_is_what_stands_in_front(self, text: str) -> None:
        assert pip_output.requirement_name(text) == "torch"
