"""Full-text search: best file first, nothing hidden, and a changed file is seen."""

from pathlib import Path

from lockgate.tools.folder import Folder
from lockgate.tools.search import Index, search_tool


def test_the_file_that_speaks_most_of_it_comes_first(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("cats and dogs\ncats cats purr\n")
    (tmp_path / "b.md").write_text("dogs bark, one cat sleeps, cats dream\n")
    (tmp_path / "c.md").write_text("nothing of the kind\n")
    (tmp_path / ".env").write_text("cats=secret\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "d.bin").write_bytes(b"\xff\xfe cats")
    index = Index(Folder(tmp_path))
    found = index.search("Cats purr", 10)
    assert [row.path for row in found] == ["a.md", "b.md"]
    assert found[0].line == "cats cats purr"
    assert index.search("unicorn", 10) == []
    (tmp_path / "c.md").write_text("purr purr purr purr\n")
    assert index.search("purr", 1)[0].path == "c.md"
    (tmp_path / "c.md").unlink()
    assert index.search("purr", 10)[0].path == "a.md"


def test_the_tool_states_its_facts(tmp_path: Path) -> None:
    spec = search_tool(tmp_path)
    assert (spec.name, spec.effect, spec.private, str(spec.output)) == ("search_files", False, True, "untrusted")
