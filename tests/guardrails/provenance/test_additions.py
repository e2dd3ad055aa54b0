"""Runs of words that stand in another text, too."""

from lockgate.guardrails.provenance.additions import _known_stems, _runs, topics
from lockgate.guardrails.provenance.index import Index

ONE, OTHER = "one two three four five six", "red blue green grey white black"


def test_every_run_is_found_and_no_further_than_it_goes() -> None:
    text = Index(f"Say {ONE}, seven. Then {OTHER}!")
    written = f"{ONE} {OTHER} {ONE} seven eight".split()
    found = [" ".join(written[start:end]) for start, end in _runs(written, text)]
    assert found == [ONE, OTHER, ONE]
    assert list(_runs(ONE.split()[:4], text)) == []


def test_what_is_remembered_of_words_is_bounded() -> None:
    before = _known_stems.cache_info().currsize
    assert topics("-".join(["harbour"] * 9_000)) == {"harbo"}
    assert _known_stems.cache_info().currsize == before
