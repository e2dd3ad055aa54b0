"""`open_model`: every form of a name, and every way a name can be wrong."""

import socket
import subprocess
import sys

import pytest
from langchain.chat_models import base
from langchain_core.messages import HumanMessage

from lockgate.errors import ConfigError, MissingExtraError, UnknownNameError
from lockgate.models import LocalModel, ScriptedModel, open_model, opening


@pytest.fixture(autouse=True)
def no_keys(monkeypatch):
    for provider in opening.PROVIDERS.values():
        monkeypatch.delenv(provider.key or "NO_SUCH_VARIABLE", raising=False)


@pytest.fixture
def no_network(monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("a connection was made"))


def test_the_table_of_providers_is_that_of_langchain():
    packages = {name: entry[0].split(".")[0].replace("_", "-") for name, entry in base._BUILTIN_PROVIDERS.items()}
    assert {name: provider.package for name, provider in opening.PROVIDERS.items()} == packages


def test_a_model_passes_through():
    model = ScriptedModel(["a"])
    assert open_model(model, base_url="http://127.0.0.1:1/v1") is model
    with pytest.raises(ConfigError, match="made already"):
        open_model(model, temperature=1)


def test_a_script(tmp_path):
    (tmp_path / "s.yaml").write_text("- Hello.\n")
    assert open_model(f"scripted:{tmp_path / 's.yaml'}", strict=True).invoke("Hi").text == "Hello."


def test_a_local_model(weights):
    assert isinstance(open_model("local"), LocalModel)
    assert open_model(f"local:{weights}", n_ctx=512).path == weights


@pytest.mark.parametrize("spec", ["openai:gpt-x", " openai:ft:gpt-x:org ", "OpenAI:gpt-x"])
def test_a_provider(no_network, monkeypatch, spec):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    model = open_model(spec, temperature=0)
    assert model.model_name == spec.strip().split(":", 1)[1]
    assert "sk-secret" not in repr(model)


@pytest.mark.parametrize(
    ("spec", "error", "text"),
    [
        ("", ConfigError, "No model is named. Name one: openai:NAME"),
        ("  ", ConfigError, "No model is named"),
        (None, ConfigError, "not NoneType"),
        (3, ConfigError, "not int"),
        ("gpt-x", ConfigError, "'gpt-x' does not name a model. The forms are"),
        ("scripted", ConfigError, "does not name a model"),
        ("scripted:", ConfigError, "does not name a model"),
        ("openai:", ConfigError, "no model. Write openai:NAME"),
        ("opnai:gpt-x", UnknownNameError, "Did you mean 'openai'"),
        ("x" * 9_000 + ":a", UnknownNameError, "Unknown model provider 'xxx"),
        ("openai:gpt-x", ConfigError, "No key for openai. Set OPENAI_API_KEY"),
        ("local:no/such.gguf", ConfigError, "no model file no/such.gguf"),
        ("scripted:no/such.yaml", ConfigError, "the script 'no/such.yaml' does not exist"),
        ("mistralai:small", MissingExtraError, "pip install langchain-mistralai"),
        ("google-genai:x", MissingExtraError, "pip install langchain-google-genai"),
    ],
)
def test_a_wrong_name_gets_a_clear_error(no_network, spec, error, text):
    with pytest.raises(error) as caught:
        open_model(spec)
    assert text in str(caught.value)
    assert len(str(caught.value)) < 2_000


def test_a_package_of_ours_that_is_missing_names_the_extra(monkeypatch):
    monkeypatch.setattr(opening, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'lockgate\[openai\]'"):
        open_model("openai:gpt-x")


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://a/v1", "http://", "http://a:99999/v1", "http://[::1"])
def test_a_wrong_base_url(url):
    with pytest.raises(ConfigError, match="not an http"):
        open_model("openai:x", base_url=url)


@pytest.mark.parametrize("key", ["sk-secret\n", " sk-secret", "sk-\x07secret"])
def test_a_malformed_key_is_refused_and_not_shown(monkeypatch, key):
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(ConfigError, match="spaces or line breaks") as caught:
        open_model("openai:x")
    assert "secret" not in str(caught.value)


def test_a_wrong_option_is_told_without_the_key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    with pytest.raises(ConfigError, match=r"openai:x cannot be opened: .*temperature") as caught:
        open_model("openai:x", temperature="sk-secret")
    assert "secret" not in str(caught.value)
    with pytest.raises(ConfigError, match="cannot be opened") as caught:
        open_model("openai:x", api_key="sk-mine", temperature="sk-mine")
    assert "mine" not in str(caught.value)


def test_no_error_of_a_provider_shows_a_key():
    assert opening._told(ValueError("refused sk-secret"), ["", "sk-secret"]) == "ValueError: refused ***"


def test_importing_the_room_imports_nothing_heavy():
    code = (
        "import sys, lockgate.models; print([m for m in ('langchain_core', 'xllamacpp', 'yaml') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)}, capture_output=True, text=True
    )
    assert done.stdout == "[]\n"


@pytest.fixture(scope="module")
def server(weights):
    """A real OpenAI-compatible server on loopback: llama.cpp's own, with the small model."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(weights)
    params.n_ctx, params.n_parallel, params.verbosity, params.offline = 1_024, 1, -1, True
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = params.n_threads_http = 1
    return xllamacpp.Server(params)


def test_an_openai_compatible_server(server):
    model = open_model(
        "openai:smollm2", base_url=f"{server.listening_address}/v1", temperature=0, max_tokens=16, max_retries=0
    )
    said = model.invoke([HumanMessage("What is the capital of France?")])
    assert said.text
    assert said.usage_metadata["output_tokens"] > 0
