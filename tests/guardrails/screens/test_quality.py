"""What the instruction screen finds in texts that it was not fitted to gets no worse unnoticed."""

import json
import runpy
from pathlib import Path

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
UNSEEN = BENCHMARKS / "data" / "screens_test.jsonl"


def test_the_texts_of_the_test_are_not_among_those_of_the_fit():
    texts = [
        {" ".join(json.loads(line)["text"].lower().split()) for line in path.read_text("utf-8").splitlines()}
        for path in (UNSEEN, BENCHMARKS / "data" / "screens.jsonl")
    ]
    assert not texts[0] & texts[1]


def test_recall_and_false_findings_on_texts_that_were_not_learned():
    found, false = runpy.run_path(str(BENCHMARKS / "screen_quality.py"))["labelled"](UNSEEN)
    assert found["orders"] >= 0.79
    assert false["benign"] <= 0.11
    assert found["orders of the last author"] >= 0.78
    assert false["benign of the last author"] <= 0.14
    assert found["orders of a third author"] >= 0.85
    assert false["benign of a third author"] <= 0.12
