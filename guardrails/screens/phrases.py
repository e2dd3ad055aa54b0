"""Phrases that tell who a sentence speaks to and what it wants, each a feature of the instruction model.

A pattern is only tried where one of its words or texts stands in the sentence, since most sentences have none.
Sentences are short (`instructions.MAX_SENTENCE`) and repetition in the patterns is bounded, so each costs a bounded time.
"""

import re
from functools import lru_cache

from lockgate.guardrails.screens.lexicon import BIT

_AGENT = (
    r"(?:a\.?i\.?|assistants?|agents?|chatbots?|bots?|llms?|gpt(?:-?\d\S*)?|chatgpt|claude|gemini|copilot|models?|ais|ki"
    r"|ia|asistente|assistente|assistenten?|нейросеть|ассистент|ии)"
)
_AI = (
    r"(?:(?:large )?language |coding |llm[- ]based |llm[- ]|ai[- ]?|ki-|ai-based |virtual |helpful |automated )*"
    + _AGENT
)
STRONG = frozenset(
    [
        "drop_rules",
        "vocative",
        "to_agents",
        "if_agent",
        "agent_must",
        "secrecy",
        "unasked",
        "your_rules",
        "your_task",
        "void",
        "obey",
        "you_are",
        "from_now",
        "authority",
        "the_user",
        "role",
        "when_asked",
        "instead",
        "say_that",
        "favour",
        "override_rules",
    ]
)
"""Phrases that are rare where nobody speaks to an agent."""
PHRASES: tuple[tuple[str, int, tuple[str, ...], re.Pattern[str]], ...] = tuple(
    (
        name,
        sum(BIT[word] for word in needs.partition("~")[0].split()),
        tuple(needs.partition("~")[2].split()),
        re.compile(text),
    )
    for name, needs, text in (
        (
            "your_reply",
            "reply",
            r"\b(?:your|the|this|every|each) (?:\w+ ){0,2}(?:response|answer|reply|replie|output|message|summary|completion|translation|explanation|report)s?\b",
        ),
        (
            "of_your_reply",
            "reply",
            r"\b(?:in|to|of|into|at|your|end|start|with) (?:every |each |all )?(?:your|the) (?:\w+ )?(?:response|answer|reply|output)\b",
        ),
        (
            "your_work",
            "codework",
            r"\byour (?:\w+ ){0,3}(?:code|codebase|implementation|solution|algorithm|script|program)\b|\bthe code you\b",
        ),
        (
            "code_block",
            "codework",
            r"\b(?:following|subsequent|below|this) (?:\w+ )?(?:code|snippet|function|script)\b|\b(?:code|snippet|function|script)s? (?:below|snippet|block|section|excerpt)",
        ),
        (
            "your_rules",
            "if_yours",
            r"\byour (?:\w+ ){0,2}(?:instructions?|prompts?|guidelines|rules|task|training|programming|directives?|objectives?|goals?|restrictions|configuration)\b|\b(?:system|hidden|initial|secret) prompt\b",
        ),
        (
            "your_task",
            "if_task",
            r"\byour (?:(?:next|new|real|actual|only|true|first|current|main|updated) (?:\w+ )?)?(?:task|job|goal|objective|mission|instructions?|step|role|purpose)s? (?:is|are|now|will)\b|\bnew (?:task|instruction|objective|goal|rule|directive|command)s?\b",
        ),
        (
            "drop_rules",
            "override",
            r"\b(?:ignore|disregard|forget|override|bypass|discard|skip|overrule|supersedes?|stop|neglect|abandon)\b.{0,40}\b(?:instruct|prompt|rules?\b|direct|guideline|tasks?\b|orders\b|told|said|everything|context|request|training|polic|safe|what you|the (?:rest|above|user|question))",
        ),
        (
            "void",
            "if_void",
            r"\b(?:above|previous|earlier|before|original|so far)\b.{0,40}\b(?:void|cancell?ed|a test|invalid|outdated|superseded|revoked|no longer|replaced|not apply|do not count|expired)\b|\byou (?:no longer|do not|don't) (?:work|serve|answer|follow|obey|have to)|\bdo(?:es)? not apply\b",
        ),
        (
            "obey",
            "if_obey",
            r"\b(?:obey|follow|comply with|adhere to|carry out|execute)s? (?:\w+ ){0,3}(?:commands?|instructions?|orders|directives?)\b",
        ),
        (
            "you_are",
            "you agent",
            r"\byou(?:'re| are) (?:now|henceforth|no longer)\b|\b(?:act|behave|pretend|respond|speak|talk|function) (?:as|like) (?:if|though|a|an|the)\b",
        ),
        (
            "from_now",
            "if_now you agent act write ~from starting sofort jetzt partir sormais ora 从现在 今から этого",
            r"\bfrom (?:now|here|this point) (?:on|onwards?)\b|\bfrom now\b|\bstarting now\b|\bab (?:sofort|jetzt)\b|\ba partir de ahora\b|\bd(?:é|e)sormais\b|\bda ora\b|从现在|今から|с этого",
        ),
        (
            "you_must",
            "deontic",
            r"\byou (?:\w+ )?(?:must|should|shall|need to|have to|are (?:required|instructed|ordered|authorized|expected|directed) to)\b",
        ),
        (
            "agent_must",
            "agent",
            r"\b"
            + _AGENT
            + r"\b (?:\w+ ){0,3}?(?:must|should|shall|needs? to|ha(?:s|ve) to|(?:is|are) (?:\w+ )?(?:required|instructed|authorized|asked|directed|to)|muss|soll|doit|debe|deve)\b(?! (?:be|not be|have|also be)\b)",
        ),
        (
            "vocative",
            "agent",
            r"^\W*(?:(?:hey|hi|hello|dear|attention|note|notice|important|urgent|todo|ok|listen|now|please|wichtig|nota)\b[\s,:!]*)*(?:(?:to|for|für|pour|para|per)\b (?:the |all |any |every |l'|l’|die |den |el |la )*)?(?:dear |my |the )?"
            + _AI
            + r"\b(?: only| reading this| here)?\s*[,:!;—–-](?!\w)",
        ),
        (
            "to_agents",
            "agent",
            r"\b(?:message|note|notice|instructions?|attention|warning|only|important|to|for)\b,?:? (?:to|for) (?:you, )?(?:all |any |every |the |an? )*"
            + _AI
            + r"\b|\bto you,? (?:the |an? |my )?"
            + _AI
            + r"\b|\b(?:all|any) (?:ai|llm)\b|\b(?:to|for) (?:all |any |every |the )*(?:automated|ai|llm|digital|virtual)[ -]?(?:based )?(?:assistant|agent|reader|tool|system|model|bot)s?\b|\battention,? (?:all |any )*"
            + _AI
            + r"\b",
        ),
        (
            "if_agent",
            "agent",
            r"\b(?:you|reader|whoever)(?:'re| are| is|,) (?:an? |the )?"
            + _AI
            + r"\b|\b(?:if|when|any|as) (?:an?|any|the|your)? ?(?:ai|llm|language model|ai agent|ai assistant|agent|assistant|chatbot|bot)s? (?:\w+ )?(?:reads?|reading|process\w*|summari\w*|pars\w*|review\w*|sees?|is|are|opens?|visits?|crawl\w*)\b|\b"
            + _AI
            + r" (?:that |who |which )?(?:is |are )?(?:reading|process(?:ing|es)?|parsing|summari[sz](?:ing|es)|reviewing|reads?)\b (?:this|the|these|it)|\bas an? (?:ai|llm|language model)\b",
        ),
        (
            "agent_word",
            "agent",
            r"\b(?:the|this|your|our|an?|any|every|all) (?:\w+ )?(?:ai|assistant|agent|llm|chatbot|model|bot)s?\b",
        ),
        ("the_user", "user", r"\b(?:the|this|your|current) (?:user|human|operator|customer|owner)s?(?:'s|’s|')?\b"),
        (
            "when_asked",
            "if_asked",
            r"\b(?:when|if|whenever|once) (?:you are |you're |ever |the user |someone |they |users? |he |she |anyone )*(?:asked|asks?|questioned|prompted|requests?|wants?)\b",
        ),
        (
            "secrecy",
            "secret deontic",
            r"\b(?:do not|don't|dont|don’t|never|without|not to|must not|no need to|nicht|ne|pas|sin|no|non|nie|não|niet|не) (?:\w+ ){0,3}?(?:mention|tell|inform|notify|reveal|alert|disclose|telling|mentioning|informing|notifying|alerting|confirming|acknowledge|erwähn|sag|mentionne|dis|dire|dirlo|mencion|digas|avis|говори|сообщай)\w*\b|\bkeep (?:this|it) (?:\w+ )?(?:secret|hidden|quiet)",
        ),
        (
            "unasked",
            "if_unasked",
            r"\bwithout (?:\w+ )?(?:asking|confirm\w*|further|telling|informing|checks?|approval|review|permission|notifying|mentioning|warning|delay|question)\b|\b(?:do not|don't|no need to|never) (?:ask|wait) (?:\w+ )?(?:for |the |any )?(?:user|confirmation|permission|approval|questions|human)",
        ),
        (
            "ordering",
            "if_when",
            r"\b(?:before|after|prior to|when|once|while|whenever|as soon as) (?:you (?:\w+ ){0,2})?(?:answer|respond|reply|continu|proceed|process|summari|solv|help|read|finish|complet|perform|do|go)(?:s|es|d|ed|ing|e)?\b(?! to\b)|\b(?:before|after) (?:doing|you|that|anything)\b|\bin addition to (?:the|your)\b|\bthe (?:task|request|question|text|data) above\b",
        ),
        (
            "instead",
            "if_instead",
            r"\binstead\b(?! of)|\b(?:do not|don't|never) (?:\w+ )?(?:summari|answer|respond|follow|continue|reply|translate|process|help|complete)",
        ),
        (
            "say_that",
            "write alter",
            r"\b(?:say|state|claim|reply|respond|answer|report|tell them|tell the user|mention|conclude|pretend|announce|write|imply|suggest) (?:\w+ ){0,4}that\b|\b(?:just|simply|only) (?:say|reply|answer|respond|output|print|write)\b|\b(?:reply|answer|respond|speak|write|talk)s? (?:only|just|solely|exclusively|always)\b|\balways (?:answer|respond|reply|speak|praise|recommend|say)\b",
        ),
        (
            "favour",
            "if_favour",
            r"\b(?:full marks|five stars|5 stars|highest|top score|positive (?:score|review|rating)|excellent|favou?rabl[ey]|above all others|best of|(?:rank|place|list) (?:\w+ ){1,3}first|hire|accept (?:this|the))\b",
        ),
        (
            "send_to",
            "~@ :// www. .com .net .org .io .xyz .co .ru .info .example",
            r"(?:\bto|\bat|\bwith|\bfrom|\bvisit|\bopen|\bto:|\ban|\bà|\ba)[\s:]+(?:\S{1,60}@\S+\.\w|https?:|www\.|[a-z0-9.-]{2,60}\.(?:com|net|org|io|xyz|co|ru|info|example)\b)",
        ),
        (
            "authority",
            "authority urgent prior secret",
            r"\b(?:system|admin(?:istrator)?|developer|maintenance|official|new|updated|urgent|important|critical|mandatory|special|secret|additional|emergency) (?:\w+ )?(?:instruction|message|notice|directive|override|prompt|command|mode|objective)s?\b|\b(?:authoriz|authoris|permitt|approv|granted|allow)\w* (?:you|by)\b|\bi (?:permit|authorize|allow|order|command) you\b",
        ),
        (
            "role",
            "rules agent user authority",
            r"^\W*(?:system|assistant|user|human|instructions?|developer|task|prompt|command|override)\s*(?:message|prompt|note|notice|override|update)?\s*[:>\]]\s*\S",
        ),
        ("can_you", "ask", r"^\W*(?:please |hey,? |also,? )*(?:can|could|would|will) you (?:please |also )?"),
        (
            "general",
            "ask",
            r"^\W*(?:what|who|where|how|why|which|when)(?:'s|’s)? (?:(?:\w+ ){0,3})?(?:is|are|was|were|do|does|did|can|has|have|wrote|invented|discovered|painted|causes?|won|makes?)\b|^\W*(?:what|who|how|where)['’]s\b|^\W*how (?:many|much|far|old|long|tall|big)\b",
        ),
        (
            "was_ist",
            "if_what",
            r"^\W*(?:was (?:ist|sind)|wer (?:ist|war|hat)|wie (?:viel|funktion)|quelle? (?:est|sont)|qui (?:est|a)|cuál|quién|qué es|qual è|chi ha|wat is)\b",
        ),
        ("first_person", "we", r"\b(?:i|i'm|i've|i'll|i’m|i'd|we|we're|we've|we'll|our|us)\b"),
        ("my", "we", r"\b(?:my|mine|me)\b"),
        (
            "as_reader",
            "if_reader",
            r"\b(?:let me|let us|let's|if you have any|feel free|for more|to learn|we will|you can|you may|if you (?:did|need|want|would|wish|prefer|don't|no longer|have|are not)|contact us|call us|thank you|thanks|regards|sorry|by (?:monday|tuesday|wednesday|thursday|friday|tomorrow|noon)|the call|the meeting|see below|more information|(?:see|talk to|speak to|love|miss|thank|wish|hope|contact|reach) you|take care|let you know)\b",
        ),
        ("passive", "deontic agent", r"\b(?:must|should|shall|can|will|may|to) (?:not )?be\b"),
        ("in_quotes", "", r"^\s*[>\"“«`']|[\"”»`']\s*$"),
        ("code_span", "~` () :: _ -> => ==", r"`|\w\(\)|::|\w_\w|->|=>|=="),
        ("list_item", "", r"^\s*(?:[-*+•]|\d{1,3}[.)]|\[[ x]\]|#{1,6}|//|\$|>>>)\s"),
        ("indented", "", r"^(?: {2,}|\t)"),
    )
)


def said(piece: str, mask: int) -> dict[str, float]:
    """The phrases in a lowered sentence whose words are of the classes `mask`."""
    return {
        name: 1.0
        for name, texts, pattern in _possible(mask)
        if (not texts or any(text in piece for text in texts)) and pattern.search(piece)
    }


@lru_cache(maxsize=4_096)
def _possible(mask: int) -> tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...]:
    return tuple((name, texts, pattern) for name, bits, texts, pattern in PHRASES if not bits or mask & bits)
