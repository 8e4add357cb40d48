"""The guide's table of differences, made from the checks; in `tests`, `python -m side_by_side.table` writes it anew."""

from __future__ import annotations

from pathlib import Path

from side_by_side import questions

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "deepaas.md"
BEGIN = "<!-- made from tests/side_by_side by `python -m side_by_side.table` -->"
END = "<!-- end -->"


def table() -> str:
    """Write the table: one line for each difference, several checks of one difference together."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for check in questions.CHECKS:
        if check.verdict == "better":
            rows.setdefault((check.topic, check.was, check.now), []).append(check.name)
    lines = [f"| {topic} | {_subject(names)} | {was} | {now} |" for (topic, was, now), names in rows.items()]
    count = len(questions.CHECKS)
    same = sum(check.verdict == "same" for check in questions.CHECKS)
    head = f"Of {count} questions, {same} are answered alike, to the order of keys. The others:"
    return "\n".join([head, "", "| | question | DEEPaaS 2.6.0 | Pelagos |", "|---|---|---|---|", *lines])


def _subject(names: list[str]) -> str:
    stem = names[0].partition(":")[0]
    if len(names) > 1 and all(name.startswith(f"{stem}:") for name in names):
        return f"{stem}: {', '.join(name.partition(':')[2].strip() for name in names)}"
    return ", ".join(names)


def written(page: str) -> str:
    """Give the page with the table in its place."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    GUIDE.write_text(written(GUIDE.read_text()))
