"""Turns of speech for an effect that no single verb tells: those that surely ask for it, and those that may."""

import re
from typing import TypeAlias

Phrases: TypeAlias = tuple[tuple[frozenset[str], re.Pattern[str]], ...]
"""(classes, pattern)."""
_NOUNS = "table|room|seat|ticket|reservation|booking|slot|taxi|cab|ride|car|flight|train|hotel|place|berth"
_MEALS = "lunch|dinner|breakfast|coffee|drinks|meeting|call|party|event"
_SURE: dict[str, tuple[str, ...]] = {
    "tell": (
        r"let \S+(?: \S+){0,4} know|(?:get|be) in touch|get back to|reach out|loop in|fill in|heads-up",
        r"(?:drop|shoot) \S+ an?|say (?:on|under|to) |say (?:[^\s.;!?]+ ){1,3}to ",
        r"give \S+(?: \S+)? a (?:call|ring)|pass \S+ (?:on|along)",
        r"keep \S+(?: \S+){0,2} (?:posted|informed|updated|in the loop)",
        r"(?:have|get) \S+(?: \S+){0,2} (?:sent|mailed|emailed|forwarded)",
        r"(?:get|have|need|want|receive)s? (?:\S+ ){1,4}by (?:e-?mail|mail|text|letter|post)",
        r"(?:make|leave|put up|add|write|with) an? (?:\w+ ){0,2}(?:post|comment|note|announcement|reply|remark)",
        r"(?:confirm|recommend|suggest|propose) (?:[^\s.;!?]+ ){0,8}to (?!me\b)",
        (
            r"(?<!\bi )(?<!\bwe )(?:must|should|needs? to|ha(?:s|ve) to|ought to|wants? to) (?:all |also )?"
            r"(?:know|hear|learn|be (?:told|aware|informed))"
        ),
    ),
    "pay": (r"(?:make|do) (?:an?|the|my|another) (?:\w+ )?(?:payment|transfer|donation|order|purchase|deposit)",),
    "book": (
        (
            r"(?:need|want|like|have|get|find|take|grab|hold|secure|call) (?:me |us )?"
            rf"(?:an? (?:\w+ ){{0,2}}(?:appointment|{_NOUNS})|accommodation)"
        ),
    ),
    "make": (r"put \S+(?: \S+)? (?:in|on|down|into)|block (?:off|out)|pencil in|sign (?:me|us) up",),
    "change": (
        r"make (?:it|them|this|that|the \w+|\w+'s \w+) (?:\w+er|more|less)\b",
        r"(?:moves?|shifts?|changes?|switch(?:es)?) to ",
    ),
    "give": (r"let \S+(?: \S+)? (?:in|into)",),
    "invite": (
        (
            r"(?:schedule|plan|arrange|organi[sz]e|set up|book|create) an? (?:\w+ ){0,3}"
            r"(?:meeting|call|appointment|lunch|dinner|event)\b[^.!?\n]{0,60}\bwith"
        ),
    ),
    "restart": (r"turn \S+(?: \S+)? off and (?:back )?on|power-?cycle",),
    "release": (r"roll (?:\S+ )?out|(?:put|take|go) (?:\S+ ){0,3}live",),
    "stop": (r"shut (?:\S+ ){0,3}down",),
    "remove": (
        r"get rid of|take (?:\S+ ){0,3}(?:off|out|down)|throw (?:\S+ ){0,4}(?:away|out)|call (?:\S+ ){0,2}off|opt out",
    ),
}
_FEW = r"(?:(?!(?:and|then|that|which|who|in|into|on|onto|to|at) )[^\s.;:!?,]+ ){1,6}"
_BOOKS = r"(?!(?:my|our|the) (?:calendar|diary|agenda|schedule|planner))"
"""What is put there is told nobody."""
_STARTS = (
    r"(?:^|[.,;:!?(\n]\s*|\b(?:please|to|and|then|also|or|you|just|should|must|i'll|we'll|let's|i'd|we'd|would|like) )"
)
"""What a command stands after."""
_COMMANDS: dict[str, tuple[str, ...]] = {
    "tell make": (
        (
            r"(?:summari[sz]e|sum up|recap|digest|translate|explain|prepare|draft|collect|list) [^;!?\n]{1,200}? "
            r"for (?!me\b|us\b|my)"
        ),
    ),
    "tell pay book make change remove give invite": (
        r"see to (?:it|that|this|them|him|her|\w+ favou?rs?)\b|do (?:him|her|them|\w+) (?:the|a|that|this) favou?r",
    ),
    "tell make change give invite release": (
        (
            r"(?:put|place|drop|leave|paste|enter|stick|list|host|store|introduce|bring|get) (?!me |us )"
            rf"{_FEW}(?:in|into|on|onto|to|at|under|across) {_BOOKS}"
        ),
        r"(?:put|place|post|leave|drop) (?:it|them|this|that|those|these)\b",
        r"leave (?!me |us )(?:[^;!?\n]{1,200} )?(?:on|in|at|with|for|there)\b",
        r"turn (?:[^\s.;!?]+ ){1,12}?into|use (?:\S+ ){1,3}from now on",
    ),
    "tell": (
        (
            r"share (?!(?:\S+ ){0,4}(?:files?|documents?|docs?|folders?|sheets?|calendar|repo\w*|\S+\.\w{2,4})\b)"
            r"(?:[^\s.;!?]+ ){1,12}(?:with|to|on|in|among) "
        ),
        rf"have (?:\S+ ){{1,3}}?receive |invite {_FEW}by (?:e-?mail|mail|letter|message)\b",
    ),
    "tell give invite": (
        (
            r"(?:give|pass|provide|supply|point|show) "
            r"(?!(?:me|us|my|our|in|on)\b)\S+ (?:\S+ ){0,4}?(?:an?|the|to|with)\b"
        ),
        r"update (?!(?:my|our|the|an?|this|that|it)\b)\S+ (?:\S+ )?(?:on|about)\b",
    ),
    "tell give change release": (r"hand (?!me\b|us\b)",),
    "make": (rf"(?:fix|set|mark) an? |mark it |remind me\b|invite {_FEW}(?:to |for )?(?:{_MEALS})\b",),
    "change": (r"enter my ",),
    "book make pay": (
        r"(?:take|choose|pick|secure|hold|go for|grab|arrange|organi[sz]e|sort out) (?!an? look\b|care\b)",
        r"check (?:me|us) in\b|(?:put|get) (?:me|us) (?:in|on|down)\b",
        r"(?:get|grab|find|sort|fix) (?:me|us|my \w+|\d|[a-z]+ and me) (?:up )?(?:with )?(?:an?|the|one|two|\d+) ",
    ),
    "remove stop": (r"(?:get|take|throw) \S+(?: \S+)? (?:out|off|away|down)\b|scratch |strike |show \S+ the door",),
    "invite give": (
        r"(?:get|make|bring|take) (?:\S+ ){1,6}?(?:on board|in|into|a member|part of)\b",
        r"let (?:\S+ ){1,6}?(?:in|into)\b(?! \S+ know)|sign (?:\S+ ){1,3}up",
    ),
}
_SIGNS: dict[str, tuple[str, ...]] = {
    "tell give make pay book invite": (
        r"could (?:do with|use) |deserves? |would (?:love|like|appreciate|be glad of|be happy about) |is (?:owed|due) ",
    ),
    "tell": (r"(?:gets|receives|knows) |in the (?:\w+ )?(?:channel|room|group|chat)\b",),
    "change": (r"is now\b",),
    "book make pay": (r"(?:table|room|seat|lunch|dinner)s? for (?:\d|two|three|four|five|six|me|us)",),
    "remove stop": (r"(?:the|my|our) \w+ is off\b",),
    "invite give": (r"invitation\b",),
}


def _compiled(table: dict[str, tuple[str, ...]], before: str = r"\b") -> Phrases:
    return tuple(
        (frozenset(kinds.split()), re.compile(f"{before}(?:{'|'.join(said)})")) for kinds, said in table.items()
    )


SURE = _compiled(_SURE)
"""What asks for an effect of these classes."""
ELLIPTIC = re.compile(
    r"\b(?:(?:seat|ticket|place|berth|cabin|table|room|bed)s? (?:on|at|in|aboard|from|to) |for (?:me|us|my \w+ and me|"
    r"(?:the )?(?:two|three|four|five|six|seven|eight|\d+)(?: of us| people| persons| guests))\b)"
)
"""What asks for a booking without any verb: `Seat on HB-640 for me`."""
COMMANDS = _compiled(_COMMANDS, _STARTS)
"""Commands in words that may stand for many effects."""
OPEN = COMMANDS + _compiled(_SIGNS)
"""What may stand for an effect of any of these classes, or for none."""
