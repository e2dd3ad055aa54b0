import pytest
from pydantic import BaseModel

from lockgate.errors import ConfigError, FileError
from lockgate.labels import Integrity
from lockgate.spec import Risk
from lockgate.tools.facts import ToolFacts, facts_of, read_facts


class Arguments(BaseModel):
    to: str


def written(tmp_path, text):
    path = tmp_path / "facts.yaml"
    path.write_text(text)
    return path


def test_facts_become_the_spec_of_a_tool(tmp_path):
    path = written(
        tmp_path,
        "version: 1\n"
        "tools:\n"
        "  pay: {sensitive: [to], reversible: true, risk: critical, tags: [money]}\n"
        "  look: {effect: false, private: true, output: internal}\n"
        "  other:\n",
    )
    facts = read_facts(path)
    pay, look, other = (
        facts_of(facts, name).spec(print, name=name, description="Does it.", args_model=Arguments)
        for name in ("pay", "look", "other")
    )
    assert (pay.effect, pay.reversible, pay.idempotent, pay.risk) == (True, True, False, Risk.CRITICAL)
    assert (pay.sensitive, pay.tags, pay.output) == ({"to"}, {"money"}, Integrity.UNTRUSTED)
    assert (look.effect, look.private, look.output, look.risk) == (False, True, Integrity.INTERNAL, Risk.LOW)
    assert (other.effect, other.reversible, other.risk) == (True, False, Risk.HIGH)  # nothing stated is the worst


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("version: 1\ntools:\n  pay:\n    efect: false\n", "facts.yaml:4: tools.pay.efect"),
        ("version: 1\ntools:\n  pay:\n    effect: 'false'\n", "facts.yaml:4: tools.pay.effect"),
        ("version: 1\ntools:\n  pay:\n    risk:\n", "facts.yaml:4: tools.pay.risk: Value error, has no value"),
        ("version: 1\ntools:\n  pay: [effect]\n", "facts.yaml:3: tools.pay"),
        ("version: 1\ntools:\n  pay:\n    output: trustd\n", "facts.yaml:4: tools.pay.output"),
        ("version: 1\ntools:\n  pay:\n    timeout: 0\n", "facts.yaml:4: tools.pay.timeout"),
        ("version: 2\ntools: {}\n", "facts.yaml:1: facts are a mapping"),
        ("version: 1\n", "facts.yaml:1: facts are a mapping"),
        ("version: 1\ntools: [pay]\n", "facts.yaml:2: must be a mapping"),
        ("version: 1\ntools:\n  pay: {effect: no}\n", "facts.yaml:3: "),
        ("", "facts.yaml:1: facts are a mapping"),
    ],
)
def test_a_fault_is_named_with_file_and_line(tmp_path, text, problem):
    with pytest.raises(FileError, match="facts") as caught:
        read_facts(written(tmp_path, text))
    assert problem in str(caught.value)


def test_a_tool_without_facts_and_a_sensitive_argument_that_is_none():
    with pytest.raises(ConfigError, match="Nobody has stated facts of the tool 'pay'"):
        facts_of({}, "pay")
    with pytest.raises(ConfigError, match="sensitive names no argument 'from'"):
        ToolFacts(sensitive=["from"]).spec(print, name="pay", description="Pays.", args_model=Arguments)
