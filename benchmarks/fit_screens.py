"""Fits the weights of the instruction screen to labelled texts, and prints them as `weights.txt` has them.

    python benchmarks/fit_screens.py benchmarks/data/screens.jsonl > guardrails/screens/weights.txt
    python benchmarks/fit_screens.py benchmarks/data/*.jsonl --ordinary docs.jsonl --out weights.txt
    python benchmarks/fit_screens.py benchmarks/data/screens.jsonl --leave-out a          # how good it would be

A line of a file is {"text": ..., "label": 1 or 0, "source": "a"}; label 1 is an order without a text around it, label 0
a whole text in which nothing is to be found. Orders are learned alone and put into texts of label 0. --ordinary names
files of further texts of label 0, as many as you have: manuals, code, mails, records. Each counts for little, and
without them the screen flags far more ordinary texts. docs/screens.md says what the shipped weights were fitted to.
--before names weights that are averaged with the new ones: with a linear model that is a vote of the two.
--leave-out fits without one source and says what is found in it. Needs scikit-learn. Takes some minutes.
"""

import argparse
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression

from lockgate.guardrails.screens.features import Host, Reader, classes, second
from lockgate.guardrails.screens.folding import fold
from lockgate.guardrails.screens.grams import pieces
from lockgate.guardrails.screens.instructions import lowered, sentences
from lockgate.guardrails.screens.mentions import Mentions

Row = dict[str, float]
"""The features of one sentence."""
Bag = list[Row]
"""The sentences of one order, of which one has to be found."""
MAX_TEXT, MAX_HOST = 4_000, 1_500
ROUNDS = 3
C = 0.1
"""Inverse strength of the L2 penalty."""
ORDER, BENIGN = 3.0, 12.0
"""What a sentence counts in the fit; one of an ordinary text counts 1."""
MIN_COUNT = 4
_PLACES = re.compile(r"[.!?]\s+|\n")
_COMMENT = re.compile(r"<!--+\s*(.*?)\s*--+>", re.DOTALL)
_WHERE = ("alone", "alone", "edge", "middle", "json")


def read(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """The labelled texts of `paths`, each once."""
    lines = [json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines() if line]
    return list({" ".join(line["text"].lower().split()): line for line in lines}.values())


def rows(text: str) -> list[tuple[int, int, Row]]:
    """Start, end and features of each sentence; of one that quotes, the features of what it says itself."""
    low = lowered(fold(text))
    reader = Reader(low)
    read_all = [(start, end, reader.read(start, end)) for start, end in sentences(low)]
    if not read_all:
        return []
    host, mentions = Host.of(low, read_all), Mentions(text)
    found = []
    for index, (start, end, words) in enumerate(read_all):
        rest = mentions.around(start, end)
        if rest is not None:
            piece = lowered(rest)
            words = Reader(piece).read(0, len(piece))  # noqa: PLW2901
        else:
            piece = low[start:end]
        row = dict.fromkeys([*words.words, *classes(words.mask, words.verb), *pieces(piece)], 1.0)
        if rest is None:
            row.update(second(piece, index, host))
        found.append((start, end, row))
    return found


def placed(order: str, host: str, where: str, pick: random.Random) -> tuple[str, int, int]:
    """A text with the order in it, and where the order starts and ends."""
    if where == "alone":
        return order, 0, len(order)
    if where == "json":
        items = [{"id": 3, "note": host[:200].replace('"', "'")}, {"id": 4, "note": order, "ok": True}]
        text = json.dumps(items, ensure_ascii=False)
        return text, text.index('"id": 4'), len(text)
    cuts = [0, len(host)] if where == "edge" else [one.end() for one in _PLACES.finditer(host)] or [len(host)]
    cut, gap = pick.choice(cuts), pick.choice([" ", "\n", "\n\n"])
    before = host[:cut] + (gap if cut == len(host) else "")
    return f"{before}{order}{gap}{host[cut:]}", len(before), len(before) + len(order)


def bags(orders: Sequence[str], hosts: Sequence[str], pick: random.Random) -> list[tuple[str, Bag]]:
    """Each order alone and in hosts: where it stands, and its sentences."""
    found = []
    for order in orders:
        for where in sorted(set(_WHERE)):
            said = _COMMENT.sub(r"\1", order)  # what stands in a comment is judged without its marks
            text, start, end = placed(said, pick.choice(hosts)[:MAX_HOST], where, pick)
            found.append((where, [row for a, b, row in rows(text) if a < end and b > start] or [{}]))
    return found


class Features:
    """The features that occur often enough, each with its column."""

    def __init__(self, known: Iterable[Row]) -> None:
        counts = Counter(name for row in known for name in row)
        self.names = sorted(
            name for name, count in counts.items() if count >= MIN_COUNT and "\t" not in name and "\n" not in name
        )
        self.often = np.array([counts[name] for name in self.names])
        self.column = {name: at for at, name in enumerate(self.names)}

    def matrix(self, of: Sequence[Row]) -> sp.csr_matrix:
        """One row for each of `of`."""
        starts, columns, values = [0], [], []
        for row in of:
            for name, value in row.items():
                if (at := self.column.get(name)) is not None:
                    columns.append(at)
                    values.append(value)
            starts.append(len(columns))
        return sp.csr_matrix((values, columns, starts), shape=(len(of), len(self.names)), dtype=np.float32)


def best(sums: np.ndarray, of: np.ndarray, count: int) -> np.ndarray:
    """The row with the highest sum of each of `count` texts, `of` naming the text of a row."""
    order = np.lexsort((sums, of))
    last = np.searchsorted(of[order], np.arange(count), side="right") - 1
    return order[last]


def fit(found: sp.csr_matrix, of: np.ndarray, benign: sp.csr_matrix, counts: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights and bias. Of each order the sentence is learned that looks most like one, of texts the hard ones."""
    many = of[-1] + 1
    chosen = best(np.diff(found.indptr), of, many)
    easy = np.flatnonzero(counts == 1)
    use = counts > 1
    use[np.random.default_rng(1).permutation(easy)[: len(easy) // 5]] = True
    for _ in range(ROUNDS):
        x = sp.vstack([found[chosen], benign[use]])
        y = np.r_[np.ones(many), np.zeros(use.sum())]
        weight = np.r_[np.full(many, ORDER), counts[use]]
        model = LogisticRegression(C=C, solver="liblinear", intercept_scaling=5, tol=1e-3, random_state=1)
        model.fit(x, y, sample_weight=weight)
        coefficients, bias = model.coef_[0], float(model.intercept_[0])
        chosen = best(found @ coefficients, of, many)
        use |= benign @ coefficients + bias > -4
    return coefficients, bias


def report(texts: Sequence[dict[str, Any]], features: Features, weights: np.ndarray, bias: float, shift: float) -> None:
    """Prints what would be found in texts that were left out."""

    def share(groups: list[Bag]) -> float:
        return float(np.mean([(features.matrix(group) @ weights).max(initial=-99) + bias > shift for group in groups]))

    benign = [one["text"] for one in texts if not one["label"]]
    inside = bags([one["text"] for one in texts if one["label"]], benign, random.Random(2))
    for where in sorted(set(_WHERE)):
        print(f"recall, {where}: {share([bag for at, bag in inside if at == where]):.3f}", file=sys.stderr)
    print(f"flagged: {share([[row for *_, row in rows(text)] for text in benign]):.3f}", file=sys.stderr)


def main() -> int:
    """Fits, and prints or writes the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path, nargs="+", help="labelled texts, one JSON object a line")
    parser.add_argument("--ordinary", type=Path, nargs="*", default=[], help="further texts of label 0")
    parser.add_argument("--leave-out", metavar="SOURCE", help="a source that is measured instead of learned")
    parser.add_argument("--keep", type=int, default=12_000, help="features that are kept (12000)")
    parser.add_argument("--before", type=Path, help="weights to mix in, which know texts that are not at hand")
    parser.add_argument("--share", type=float, default=0.4, help="how much of the mixture is new (0.4)")
    parser.add_argument("--shift", type=float, default=0.0, help="log-odds that make a score of 0.5 (0)")
    parser.add_argument("--out", type=Path, help="file to write (standard output)")
    options = parser.parse_args()
    pick = random.Random(1)
    texts = read(options.texts)
    learned = [one for one in texts if one.get("source") != options.leave_out]
    benign = [one["text"][:MAX_TEXT] for one in learned if not one["label"]]
    further = read(options.ordinary)
    ordinary = [one["text"][:MAX_TEXT] for one in further]
    kinds: dict[str, list[str]] = {}
    for one in further:
        kinds.setdefault(one.get("kind", ""), []).append(one["text"])
    hosts = benign + [pick.choice(kinds[pick.choice(list(kinds))]) for _ in benign if kinds]
    orders = bags([one["text"] for one in learned if one["label"]], hosts, pick)
    wrapped = [placed(text, pick.choice(hosts), "json", pick)[0] for text in benign[::3]]
    hard = [row for text in benign + wrapped for *_, row in rows(text)]
    # A line of an ordinary text, such as a title, is no order because it stands alone.
    lines = [pick.choice(text.strip().splitlines() or [""])[:MAX_HOST] for text in ordinary]
    easy = [row for text in ordinary + lines for *_, row in rows(text)]
    of = np.repeat(np.arange(len(orders)), [len(bag) for _, bag in orders])
    found = [row for _, bag in orders for row in bag]
    features = Features(row for many in (found, hard, easy) for row in many)
    x, y = features.matrix(found), features.matrix(hard + easy)
    counts = np.r_[np.full(len(hard), BENIGN), np.ones(len(easy))]
    weights, bias = fit(x, of, y, counts)
    # The largest are kept by what they count and how sure that is; what is left is fitted again without the others.
    kept = np.argsort(-np.abs(weights) * np.minimum(1, features.often / 30) ** 0.5)[: options.keep]
    weights = np.zeros(len(weights))
    weights[kept], bias = fit(x[:, kept], of, y[:, kept], counts)
    if options.leave_out:
        report([one for one in texts if one.get("source") == options.leave_out], features, weights, bias, options.shift)
    found_weights = {features.names[at]: float(weights[at]) for at in kept} | {"%bias": bias}
    if options.before:
        pairs = (line.split("\t") for line in options.before.read_text("utf-8").splitlines() if "\t" in line)
        before = {name: float(weight) for name, weight in pairs}
        found_weights = {
            name: options.share * found_weights.get(name, 0.0) + (1 - options.share) * before.get(name, 0.0)
            for name in {*found_weights, *before}
        }
    found_weights["%bias"] -= options.shift
    lines = ["# Weights of the instruction model, in log-odds. docs/screens.md says how they were made."]
    lines += sorted(f"{name}\t{weight:.2f}" for name, weight in found_weights.items() if abs(weight) >= 0.01)
    printed = "\n".join(lines) + "\n"
    if options.out:
        options.out.write_text(printed, "utf-8")
    else:
        sys.stdout.write(printed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
