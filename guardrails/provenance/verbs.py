"""English words for what a person can ask an agent to do, in classes; what a request and a tool are compared by."""

import re

import re2

from lockgate.guardrails.provenance.folding import words

CLASSES: dict[str, str] = {
    "tell": (
        "send email mail message reply respond answer forward notify inform write post publish contact text dm "
        "ping remind announce broadcast tweet comment submit deliver dispatch call phone tell alert thank attach "
        "enclose ask warn brief congratulate greet welcome wish apologize apologise relay convey repost cc blog"
    ),
    "pay": (
        "pay transfer refund reimburse wire remit buy purchase donate send settle withdraw deposit order return "
        "transact charge invoice tip repay compensate"
    ),
    "book": "book reserve rent hire lease charter order buy purchase",
    "make": (
        "create add make schedule book insert append write plan reserve put save upload draft generate record "
        "arrange organize organise register open compose build store log note enter duplicate copy install sign "
        "subscribe publish"
    ),
    "change": (
        "update change modify edit adjust set reset rename move reschedule replace rewrite amend correct fix "
        "increase decrease double halve raise lower switch extend renew configure mark assign label convert postpone "
        "shift revise enable disable activate deactivate lock unlock scale resize turn dim toggle"
    ),
    "remove": (
        "delete remove cancel erase clear drop unsubscribe archive purge kick ban revoke unshare discard trash "
        "close terminate wipe uninstall clean deregister bin scrap ditch expel eject evict uninvite disinvite"
    ),
    "give": "share add grant give allow permit authorize authorise assign",
    "invite": "invite add assign enroll enrol join introduce onboard give grant allow",
    "run": "run execute launch start trigger invoke",
    "stop": "stop halt pause suspend kill terminate cancel abort",
    "restart": "restart reboot reload reset",
    "release": "deploy release ship launch promote publish push install upgrade update",
    "merge": "merge commit push accept",
    "accept": "approve confirm accept merge sign",
    "refuse": "reject decline refuse deny cancel close",
}
"""Verbs in their base form, by the kind of effect. A verb may be of several kinds."""

READING = words(
    "show find get list check look search read summarize summarise display fetch retrieve view see compare "
    "explain describe translate analyze analyse review count suggest recommend calculate what who when where "
    "which how why whose tell give is are was were did does do has have am"
)
"""Words that ask for an answer. They stand at the start of a clause."""

AMBIGUOUS = words(
    "email mail message text post book schedule note file order transfer change update plan reply call comment "
    "report record share answer contact invoice charge tip copy label set mark move return address start stop "
    "run lock switch log remit drop push return refund deposit purchase draft invite sign fix raise increase "
    "decrease open close clear clean put order archive trash phone wire tip view list search check look review "
    "count build alert release ship scale turn pause kill abort reset bin scrap ditch reject deny "
    "ask brief wish duplicate rent hire lease charter blog welcome double"
)
"""Verbs that are nouns or adjectives as often: they count only where a verb stands."""

OPENERS = words(
    "please to and then also you or must should not can could would will kindly just now first next finally "
    "i'd we let's let i need want after afterwards but so ok okay hi hello hey way anyway"
)
"""Words after which a verb stands."""

NEGATIONS = words("not don't dont never without no cannot can't doesn't didn't")

_PLACE = "instructions?|actions?|tasks?|to-?dos?|steps?|requests?|requirements?|everything|whatever|what|things|items"
_LETTER = "(?:e-?)?mails?|messages?|inbox|mailbox|tickets?|notes?|comments?"
DELEGATION = re.compile(
    r"\b(?:follow|do|perform|execute|complete|handle|process|finish|implement|fulfil+|obey|go through|"
    r"address(?= (?:the|all|any|each|every|my|th[eo]se|this|what))|"
    r"carry out|take care of|deal with|act on|work through|sort out|apply|proceed)\b[^.!?\n]{0,60}?"
    rf"\b(?:{_PLACE}|{_LETTER})\b"
    rf"|\b(?:answer|respond to)\b[^.!?\n]{{0,60}}?\b(?:{_PLACE}|{_LETTER})\b"
    r"(?![^.!?\n]{0,40}?(?::|\b(?:that|with|saying)\b))"
    r"|\bas (?:instructed|described|requested|specified|asked|told|needed|necessary|appropriate)\b"
    r"|\b(?:whatever|anything|everything) (?:is |it |they |you )?(?:needs?|needed|necessary|required|asks?|says?)\b"
)
"""The user hands the choice of what to do to a text, or to the agent. Who says what to answer hands on nothing."""

LISTED = re.compile(r"\b(?:following|these|below) \w+")
"""What the user then lists is no choice handed on."""

MONEY = words("money payment payments fund funds cash transfer transaction")
LETTERS = words("email mail message sms note letter invitation notification reply dm")
"""What is sent tells paying from telling."""
DOING = words("make do create perform execute submit initiate process start new")
"""Verbs of a tool's name that say nothing by themselves: `make_payment` pays."""
ADMITTING = words("open unlock")
"""Verbs of a tool's name that let somebody in."""
PERSONS = words(
    "user users member members person people participant participants guest guests attendee attendees "
    "somebody someone people channel room group circle chat"
)
"""Whom a tool adds or lets in, it does not make."""
BEGINNING = words("start launch")
"""Verbs of a tool's name by which what follows comes to be: `start_poll` makes a poll."""
PAPERS = words(
    "page pages wiki article file document doc entry record list issue report blog handbook sheet script code"
)
"""What is written tells making from telling."""

PLAIN = words(
    "please take go be let help try make remember forget don't do not use keep ensure also kindly just first then me "
    "us i the a my"
)
"""Words that may follow `please` and ask for nothing by themselves."""

POINTERS = words("the a an my our your all any each every this that these those it them him her")
"""Words by which an unknown word before them, where a verb stands, is a verb."""
OBJECTS = words("it them him her")
"""After `and` and an unknown word these make it a verb: `find the draft and shelve it`."""
STARTS = frozenset(".;:!?\n") | words("then please")
"""After these a request starts."""
RIGHTS = words("access permission permissions rights right mode privileges")
"""After these verbs are none: `write access`."""

CONSENT = re.compile(r"\W*(?:yes|yep|yeah|ok|okay|sure|go ahead|do it|do that|proceed|continue|confirmed?|approved?)\b")
"""Words by which a short message agrees to what the agent proposed."""

DECODING = re.compile(
    r"\b(?:decod\w*|encod\w*|base-?64|hex\w*|rot-?13|cipher\w*|decrypt\w*|unscrambl\w*|obfuscat\w*)\b"
)
"""The user knows that something is written in code."""

VISITING = re.compile(
    r"\b(?:visit|open|browse|load|navigate|retrieve|fetch|get|request|go to|surf|download|access|call|click|"
    r"query|ping|render|preview|display|embed|import|scan|curl|wget|crawl|scrape|stream|refresh|connect)\b"
)
"""Words by which a text wants an address opened."""

WISHES = words("should must need needs want wants has have ought belongs belong won't i'd we'd i'll we'll let's like")
"""Words by which one wishes for something without a command."""

MUST_BE = re.compile(r"\b(?:must|should|please|(?:needs?|ha(?:s|ve)|ought|wants?) to) (?:also |now )?be (\w+)")
"""A request in the passive: `must be closed`."""
PLACED = re.compile(
    r"\b(?:(?:must|should|(?:needs?|ha(?:s|ve)|ought|is|are) to) (?:be |go |stand )?|belongs? )"
    r"(?:in|on|at|into|onto|up)\b"
)
"""What a text may want put somewhere: `this needs to be in the minutes`."""
SAYING = re.compile(
    r"\b(?:should|must|shall|ought to|ha(?:s|ve|d) to|needs? to|is to|are to|may as well|better) "
    r"(?:also |still |now |all )?(?:be [\"']|say|read|mention|include|contain|state|show|carry|add|note|tell|name|list|"
    r"quote|cite|repeat|announce|(?:end|begin|start|open|close) with)\b"
)
"""What a text may want said or written: `the topic has to say that ...`."""
STATED = re.compile(
    r"\b(?:(?:gets|receives|(?:they|both|all|you|we) (?:all |both |also )?(?:get|receive)|"
    r"(?:is|are) to (?:get|have|receive)) "
    r"(?:an?|the|th[eo]se|this|that|all|both|one|it|them|his|her|their)|goes to|go to|"
    r"(?:would|'d) (?:like|love) (?:an?|the|one|some|it|to (?:get|have|know|hear|see|receive)))\b"
)
"""Statements by which a text wants something to reach somebody: `Bob would like a copy`, `it goes to Gus`."""
DEMANDED = re2.compile(
    r"\b(?:summar\w+|recaps?|digests?|messages?|notes?|mails?|e-?mails?|letters?|answers?|repl(?:y|ies)|posts?|reports?|"
    r"reviews?|minutes|texts?|pages?|entries|entry|invitations?|announcements?|whatever|anything|everything|all that|"
    r"who(?:ever)?|anyone who|everyone who|those who)\b[^.!?\n]{0,80}?" + SAYING.pattern
)
"""What a text wants any text on its matter to say: `a summary should end with that`."""
TO_BE = re.compile(r"\b(?:to|must|should|shall|will|can|may|please) (?:also |now )?be (\w+)")
"""What a text may want done, in the passive: wider than a user's request."""
AGAIN = re.compile(
    r"\b(?:again|once more|(?:one more|a second|second|third|another) time|twice|double|two|both|anew|repeat\w*|"
    r"re-?(?:send|sent|do|run|try|submit|issue|order|book|post|pay))\b"
)
"""Words by which something is wanted a second time."""
IRREGULAR = {
    "sent": "send",
    "paid": "pay",
    "told": "tell",
    "written": "write",
    "put": "put",
    "set": "set",
    "given": "give",
}
"""Participles that no rule makes."""

LINKS = re.compile(r"\b(?:urls?|(?:hyper)?links?|web-?(?:pages?|sites?)|references?)\b")
"""Words of a user who wants a link passed on. A link that the user writes down vouches for itself alone."""

CONTACTS = re.compile(
    r"\b(?:e-?mails?|mail|address\w*|contacts?|phones?|numbers?|telephone|mobile|call|reach|ibans?|accounts?|bank|details|"
    r"domains?|hosts?|servers?)\b"
)
"""Words of a user who may want it passed on how to reach or to pay somebody."""

MANY = re.compile(r"\b(?:urls|(?:hyper)?links|web-?(?:pages|sites)|references)\b")
"""Words of a user who wants more than one link passed on."""

PAGES = re.compile(
    rf"{LINKS.pattern}|\b(?:link(?:ed|ing)|web|internet|online|pages?|sites?|articles?|blogs?|posts?|news|sources?|docs?|"
    r"documentation|wiki|guides?|tutorials?|read)\b"
)
"""Words of a user who has something on the web in mind. An address written down vouches for itself alone."""
