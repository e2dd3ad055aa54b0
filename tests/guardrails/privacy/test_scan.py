"""What counts as private data, what only looks like it, and that spans are right in any text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.guardrails.privacy.test_national import NATIONAL

from lockgate.guardrails.privacy.scan import KINDS, NAMES, Span, scanner

SCAN = scanner(frozenset(NAMES))
A40 = "a1B2c3D4e5" * 4
HEX = "0123456789abcdef" * 4


def fake(*parts: str) -> str:
    """A token that no scanner of repositories takes for a real one, since it is in two parts here."""
    return "".join(parts)


POSITIVES: list[tuple[str, str]] = [
    ("email", "ann.smith+x@example.co.uk"),
    ("email", "jürgen@müller.example.de"),
    ("phone", "+49 30 901820"),
    ("phone", "+1 (415) 555-2671"),
    ("phone", "+33 1 23 45 67 89"),
    ("phone", "(415) 555-2671"),
    ("phone", "415-555-2671"),
    ("phone", "020 7946 0958"),
    ("phone", "01 23 45 67 89"),
    ("phone", "0171-1234567"),
    ("phone", "0041 44 668 18 00"),
    ("iban", "DE89 3704 0044 0532 0130 00"),
    ("iban", "GB29NWBK60161331926819"),
    ("iban", "fr1420041010050500013m02606"),
    ("payment_card", "4111 1111 1111 1111"),
    ("payment_card", "5555-5555-5555-4444"),
    ("payment_card", "378282246310005"),
    ("payment_card", "3782 822463 10005"),
    ("payment_card", "6011111111111117"),
    ("us_ssn", "536-90-4399"),
    ("uk_nino", "AB 12 34 56 C"),
    ("fr_nir", "2 95 10 99 126 111 93"),
    ("es_dni", "54362315K"),
    ("es_dni", "X-2482300W"),
    ("it_codice_fiscale", "RCCMNL83S18D969H"),
    ("in_aadhaar", "2341 2341 2346"),
    ("br_cpf", "390.533.447-05"),
    ("ch_ahv", "756.9217.0769.85"),
    ("se_personnummer", "880320-0016"),
    ("ipv4", "192.168.13.7"),
    ("ipv6", "2001:db8::8a2e:370:7334"),
    ("ipv6", "fe80::1"),
    ("mac_address", "00:1A:2B:3C:4D:5E"),
    ("mac_address", "00-1a-2b-3c-4d-5e"),
    ("mac_address", "001a.2b3c.4d5e"),
    ("aws_key", fake("AKIA", "IOSFODNN7EXAMPLE")),
    ("gcp_key", fake("AIza", A40[:35])),
    ("azure_key", fake("abc1Q~", A40[:34])),
    ("github_token", fake("ghp_", A40[:36])),
    ("github_token", fake("github_pat_", A40 + A40)),
    ("gitlab_token", fake("glpat-", A40[:20])),
    ("slack_token", fake("xoxb-", "123456789012-abcdefABCDEF")),
    ("slack_token", fake("hooks.slack.com/services/", "T00000000/B00000000/XXXXXXXX")),
    ("stripe_key", fake("sk_live_", A40[:24])),
    ("anthropic_key", fake("sk-ant-", "api03-" + A40)),
    ("openai_key", fake("sk-proj-", A40)),
    ("npm_token", fake("npm_", A40[:36])),
    ("pypi_token", fake("pypi-AgE", A40 + A40)),
    ("sendgrid_key", fake("SG.", A40[:22] + "." + A40[:40])),
    ("twilio_key", fake("SK", HEX[:32])),
    ("mailgun_key", fake("key-", HEX[:32])),
    ("mailchimp_key", fake(HEX[:32], "-us12")),
    ("huggingface_token", fake("hf_", A40[:34])),
    ("digitalocean_token", fake("dop_v1_", HEX)),
    ("shopify_token", fake("shpat_", HEX[:32])),
    ("square_token", fake("sq0atp-", A40[:22])),
    ("telegram_token", fake("123456789:AA", A40[:33])),
    ("discord_token", fake("M", A40[:23] + "." + A40[:6] + "." + A40[:30])),
    ("databricks_token", fake("dapi", HEX[:32])),
    ("docker_token", fake("dckr_pat_", A40[:27])),
    ("vault_token", fake("hvs.", A40[:24])),
    ("terraform_token", fake(A40[:14], ".atlasv1." + A40 + A40)),
    ("linear_key", fake("lin_api_", A40)),
    ("notion_token", fake("ntn_", A40 + "a1b2c3")),
    ("postman_key", fake("PMAK-", HEX[:24] + "-" + HEX[:34])),
    ("grafana_token", fake("glsa_", A40[:32] + "_" + HEX[:8])),
    ("groq_key", fake("gsk_", A40 + A40[:12])),
    ("xai_key", fake("xai-", A40 + A40)),
    ("replicate_token", fake("r8_", A40[:37])),
    ("perplexity_key", fake("pplx-", A40)),
    ("langsmith_key", fake("lsv2_pt_", HEX[:32] + "_" + HEX[:10])),
    ("newrelic_key", fake("NRAK-", A40[:27].upper())),
    ("sentry_token", fake("sntrys_", A40)),
    ("airtable_token", fake("pat", A40[:14] + "." + HEX)),
    ("rubygems_key", fake("rubygems_", HEX[:48])),
    ("age_key", fake("AGE-SECRET-KEY-1", (A40 + A40)[:58].upper())),
    ("aws_key", fake("ABSK", A40 + A40 + A40[:30] + "=")),
    ("azure_key", fake(A40 + A40[:12], "JQQJ99" + A40[:26])),
    ("gcp_key", fake("AQ.Ab8", A40 + A40[:8])),
    ("gcp_key", fake("1//0", A40 + A40)),
    ("stripe_key", fake("sk_org_", "live_" + A40)),
    ("mailgun_key", fake(HEX[:32], "-0a1b2c3d-4e5f6a7b")),
    ("discord_token", fake("discord.com/api/webhooks/", "1234567890123456789/" + A40 + A40[:28])),
    ("teams_webhook", fake("webhook.office.com/", "webhookb2/" + HEX + "@" + HEX + "/IncomingWebhook/" + HEX)),
    ("openrouter_key", fake("sk-or-", "v1-" + HEX)),
    ("deepseek_key", fake("sk-", HEX[:32])),
    ("langfuse_key", fake("sk-lf-", "6f1ed002-ab5c-4f4d-9a3c-1d2e3f4a5b6c")),
    ("nvidia_key", fake("nvapi-", A40 + A40[:24])),
    ("cerebras_key", fake("csk-", A40.lower() + "a1b2c3d4")),
    ("elevenlabs_key", fake("sk_", HEX[:48])),
    ("fireworks_key", fake("fw_", A40[:24])),
    ("together_key", fake("tgp_v1_", A40 + "abc")),
    ("pinecone_key", fake("pcsk_", A40[:6] + "_" + A40 + A40[:23])),
    ("tavily_key", fake("tvly-", "dev-" + A40[:32])),
    ("firecrawl_key", fake("fc-", HEX[:32])),
    ("e2b_key", fake("e2b_", HEX[:40])),
    ("supabase_key", fake("sbp_", HEX[:40])),
    ("supabase_key", fake("sb_secret_", A40[:31])),
    ("vercel_token", fake("vcp_", A40)),
    ("netlify_token", fake("nfp_", A40[:36])),
    ("cloudflare_token", fake("cfut_", A40)),
    ("heroku_key", fake("HRKU-", A40 + A40[:20])),
    ("fly_token", fake("fm2_", A40 + A40)),
    ("render_key", fake("rnd_", A40[:28])),
    ("planetscale_token", fake("pscale_tkn_", A40 + "abc")),
    ("neon_key", fake("napi_", HEX)),
    ("atlassian_token", fake("ATATT3xFfGF0", A40 + A40 + A40 + "=0A1B2C3D")),
    ("hubspot_token", fake("pat-na1-", "6f1ed002-ab5c-4f4d-9a3c-1d2e3f4a5b6c")),
    ("figma_token", fake("figd_", A40)),
    ("asana_token", fake("2/1200000000000000/", "1200000000000001:" + HEX[:32])),
    ("clickup_token", fake("pk_12345678_", A40[:32].upper())),
    ("dropbox_token", fake("sl.", A40 + A40 + A40)),
    ("meta_token", fake("EAA", A40 + A40 + A40)),
    ("doppler_token", fake("dp.pt.", A40 + "abc")),
    ("onepassword_token", fake("ops_eyJ", A40 + A40 + A40)),
    ("jfrog_token", fake("AKCp", A40 + A40[:29])),
    ("nuget_key", fake("oy2", A40.lower() + "abc")),
    ("crates_token", fake("cio", A40[:32])),
    ("brevo_key", fake("xkeysib-", HEX + "-" + A40[:16])),
    ("resend_key", fake("re_", A40[:8] + "_" + A40[:24])),
    ("braintree_token", fake("access_token$production$", HEX[:16] + "$" + HEX[:32])),
    ("razorpay_key", fake("rzp_live_", A40[:14])),
    ("dynatrace_token", fake("dt0c01.", A40[:24].upper() + "." + HEX.upper())),
    ("posthog_key", fake("phx_", A40 + "abc")),
    ("pulumi_token", fake("pul-", HEX[:40])),
    ("circleci_token", fake("CCIPAT_", A40[:22] + "_" + HEX[:40])),
    ("buildkite_token", fake("bkua_", HEX[:40])),
    ("sonar_token", fake("squ_", HEX[:40])),
    ("tailscale_key", fake("tskey-auth-", A40[:30])),
    ("alibaba_key", fake("LTAI", A40[:20])),
    ("mapbox_token", fake("sk.eyJ", A40 + "." + A40[:22])),
    ("jwt", fake("eyJhbGciOiJIUzI1NiJ9.", "eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N")),
    ("private_key", fake("-----BEGIN RSA ", f"PRIVATE KEY-----\n{A40}\n-----END RSA PRIVATE KEY-----")),
    ("high_entropy", "q7Zk2Vx9Lm4Tn8Rb1Wy5Hc3Jd6"),
]
CONTEXT: list[tuple[str, str, str]] = [
    # kind, text, value in it
    ("phone", "Call me: 5552671 99", "5552671 99"),
    ("phone", "Tel. 415 555 2671", "415 555 2671"),
    ("us_ssn", "SSN 536904399", "536904399"),
    ("br_cpf", "CPF: 39053344705", "39053344705"),
    ("de_tax_id", "Steuer-ID 36 574 261 809", "36 574 261 809"),
    ("nl_bsn", "BSN: 111222333", "111222333"),
    ("pl_pesel", "PESEL 44051401359", "44051401359"),
    ("uk_nhs", "NHS number 943 476 5870", "943 476 5870"),
    ("ca_sin", "SIN 046 454 286", "046 454 286"),
    ("url_password", "postgres://app:s3cret@db/x", "s3cret"),
    ("url_password", "https://u:p@ss@host/x", "p@ss"),
    ("auth_header", "Authorization: Bearer abcDEF123456ghiJKL", "abcDEF123456ghiJKL"),
    ("assigned_secret", 'db_password = "hunter22"', "hunter22"),
    ("assigned_secret", '{"api_key": "0a1b2c3d"}', "0a1b2c3d"),
    ("assigned_secret", '{\\"client_secret\\": \\"0a1b2c3d\\"}', "0a1b2c3d"),
    ("assigned_secret", "Your password is Tr0ub4dor&3", "Tr0ub4dor&3"),
    (
        "assigned_secret",
        fake("aws_secret_access_key=", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        fake("wJalrXUtnFEMI/K7MDENG/", "bPxRfiCYEXAMPLEKEY"),
    ),
    ("azure_key", "AccountName=x;AccountKey=" + A40 + A40 + "abcdef==;", A40 + A40 + "abcdef=="),
    ("payment_card", "4111 1111 1111 1111 12/29 123", "4111 1111 1111 1111"),
    ("iban", "DE89 3704 0044 0532 0130 00 AND MORE", "DE89 3704 0044 0532 0130 00"),
]
NEGATIVES: list[str] = [
    "4111 1111 1111 1112",  # Luhn
    "1234 5678 9012 3452",  # no brand begins with 1
    "4111-1111-1111-1111-22",  # a longer id
    "DE88 3704 0044 0532 0130 00",  # mod 97
    "DE89 3704 0044 0532 0130",  # too short for its country
    "ZZ89 3704 0044 0532 0130 00",
    "000-12-3456",
    "666-12-3456",
    "900-12-3456",
    "12-345-6789",
    "2341 2341 2347",  # Verhoeff
    "390.533.447-06",
    "756.9217.0769.84",
    "54362315L",
    "RCCMNL83S18D969I",
    "QQ 12 34 56 C",  # a prefix that is never given out
    "880320-0017",
    "Order 20240612-0042 of 2024-06-12 10:33:12",
    "2024-06-12T10:33:12.123456+02:00",
    "12.06.2024 to 05.07.2024, 05/06/2024, 05-06-2024",
    "Invoice 1234567890, 9 876 543",
    "1718188392, 1718188392123",
    "version 1.2.3.4, v10.0.19041.1",
    "v1.2.3.4 and 1.2.3 and 10.0.19041.1 and 1.2.3.4.5",
    "256.1.1.1 and 01.02.03.04",
    "section 1.2.3.4",
    "std::cab::be and a::b and :: and ::1 and 10:33:12 and 1:2:3",
    "12:34:56:78:90:12 and 00:1A:2B:3C:4D:5E:6F",
    "git@github.com:org/repo.git and icon@2x.png and user@localhost and a @ b.com",
    "npm install pkg@1.2.3",
    "6f1ed002-ab5c-4f4d-9a3c-1d2e3f4a5b6c",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    HEX,
    "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "call-0123456789abcdef0123456789abcdef",
    "src/lockgate/guardrails/privacy/scan.py and /usr/lib/python3/dist-packages/x",
    "getUserAccountBalanceFromDatabaseConnection2",
    "https://example.com:8080/a/b?x=1&y=2#z and http://user@host/",
    "sk-learn-contrib-and-other-words-in-a-row and task-force-of-the-many-people-here",
    "AKIA is a prefix; ghp_ too; so is eyJ",
    "re_match_all_of_the_things_in_this_list, fw_update_of_the_device, sl.pdf, oy2, pat-na1-2026, EAA and ATBB",
    "Choose a password: at least eight characters",
    "password = ${DB_PASSWORD} and api_key: <your-key> and secret: null and pwd=****** and token",
    "The secret is patience",
    "Basic internationalisation and bearer instruments",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "A" * 600 + "b1" * 300,
    "[REDACTED:EMAIL] and password: [REDACTED:ASSIGNED_SECRET] at ://u:[REDACTED:URL_PASSWORD]@h",
    "$1,234,567.89 and 100,000,000 and 3.141592653589793",
    "ISBN 978-3-16-148410-0",
    "Room 415-555 and ext. 2671",
    "tel",
    "Boston, MA 02110-1301",
    "brotli>=1.2.0.0 and x==1.2.3.4",
    "http://127.0.0.1:8000 and 0.0.0.0",
    "children[::2]",
    "password = enforce_bytes(proxy_auth[1], name)",
    "https://m.example.com/images/I/A1uELSr5rgL2b3C4d5E6f7G8.jpg",
]


@pytest.mark.parametrize(("kind", "value"), POSITIVES, ids=lambda text: text[:24])
@pytest.mark.parametrize("around", ["{}", "It is {}.", "({})", "ü🙂 {} ü", '{{"x": "{}"}}', "x={}\n", "<{}>, and"])
def test_found_wherever_it_stands(kind: str, value: str, around: str) -> None:
    text = around.format(value)
    (found,) = SCAN(text)
    assert (found.kind, text[found.start : found.end]) == (kind, value)


def test_every_kind_has_a_positive() -> None:
    assert {kind for kind, _ in POSITIVES} | {kind for kind, _, _ in CONTEXT} | {kind for kind, *_ in NATIONAL} == set(
        NAMES
    )


@pytest.mark.parametrize(("kind", "text", "value"), CONTEXT, ids=lambda text: text[:24])
def test_found_by_what_stands_beside_it(kind: str, text: str, value: str) -> None:
    found = [(span.kind, text[span.start : span.end]) for span in SCAN(text)]
    assert (kind, value) in found


@pytest.mark.parametrize("text", NEGATIVES, ids=lambda text: text[:24])
def test_what_only_looks_like_it(text: str) -> None:
    assert [(span.kind, text[span.start : span.end]) for span in SCAN(text)] == []


def test_a_failed_candidate_hides_nothing() -> None:
    text = "2235 4111 1111 1111 1111 and 12 415-555-2671"
    assert [text[s.start : s.end] for s in SCAN(text)] == ["4111 1111 1111 1111", "415-555-2671"]


def test_overlapping_findings_are_one() -> None:
    text = "password: ann99@example.com"
    assert SCAN(text) == [Span("assigned_secret", 10, 27)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_triggers_miss_nothing_that_shapes_find(kind) -> None:
    """With only this kind on the list, all its positives are found; with no trigger at all, no more are."""
    alone = scanner(frozenset({kind.name}))
    values = [value for name, value in POSITIVES if name == kind.name]
    values += [text for name, text, _ in CONTEXT if name == kind.name]
    for value in values:
        assert alone(value)


pieces = st.one_of(
    st.text(),
    st.text(st.characters(categories=["Cs"]), max_size=2),
    st.sampled_from([value for _, value in POSITIVES] + [text for _, text, _ in CONTEXT]),
    st.sampled_from([" ", "", "\0", "\n", "@", "0", "://", ":", "[", "]", "~", "-"]),
    st.text("0123456789 .-:/()+abcdefABCDEF@[]~#*_", max_size=40),
)
texts = st.lists(pieces, max_size=8).map("".join)


@given(texts)
def test_any_text_has_ordered_spans_within_it(text: str) -> None:
    at = 0
    for span in SCAN(text):
        assert at <= span.start < span.end <= len(text)
        at = span.end
        value = text[span.start : span.end]
        assert value.strip() == value and re.search(r"\w", value)


@given(st.text(), st.sampled_from(POSITIVES), st.text())
def test_spans_are_characters_whatever_stands_around(left: str, positive: tuple[str, str], right: str) -> None:
    kind, value = positive
    text = f"{left} \n{value}\n {right}"
    spans = SCAN(text)
    at = len(left) + 2
    assert any(span.start <= at and at + len(value) <= span.end for span in spans), spans
    assert [s for s in spans if s.start == at and s.end == at + len(value)] in ([Span(kind, at, at + len(value))], [])


SECRETS = frozenset(kind.name for kind in KINDS if "secret" in kind.groups)
BEGINNINGS = (
    "AKIA",
    "ASIA",
    "SK",
    "pwd",
    "_pwd_is_",
    "password",
    "api_key",
    "is",
    "Bearer",
    "basic",
    "eyJ",
    "ghp_",
    "hf_",
    "token",
)


@given(st.lists(st.sampled_from(BEGINNINGS) | st.text("aZ09_f", max_size=6), max_size=6).map("".join))
def test_a_short_word_is_passed_over_only_where_nothing_would_be_found(text):
    """Beside a kind that is no secret every text is searched, and what is found of secrets is the same."""
    searched = scanner(SECRETS | {"email"})(text)
    assert scanner(SECRETS)(text) == searched


def test_the_shortest_secret_that_is_a_word_is_found():
    assert scanner(SECRETS)(fake("AKIA", "IOSFODNN7EXAMPLE"))
