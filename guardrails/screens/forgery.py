"""Role and delimiter forgery: data that pretends to be the frame of the conversation."""

from collections.abc import Iterator

import re2

_TOKENS = re2.compile(
    r"(?i)(?P<token><\|/?(?:im_start|im_end|im_sep|system|user|assistant|tool|end|eot_id|eom_id|endoftext|endofprompt"
    r"|begin_of_text|end_of_text|start_header_id|end_header_id|python_tag|fim_prefix|channel|message|start|return|call"
    r"|constrain)\|>|\[/?INST\]|<</?SYS>>|</?(?:start_of_turn|end_of_turn)>|<｜(?:User|Assistant|begin▁of▁sentence"
    r"|end▁of▁sentence)｜>|\[/?(?:TOOL_CALLS|TOOL_RESULTS|AVAILABLE_TOOLS|SYSTEM_PROMPT)\])"
    r"|(?P<tag></?(?:system|assistant|system[-_ ]?(?:prompt|message|reminder|instructions?)|tool[-_ ]?(?:result|results"
    r"|response|output|call|calls)|function[-_ ]?(?:result|results|call|calls|response)|untrusted[-_a-z0-9]*"
    r"|admin[-_ ]?(?:message|instructions?)|developer[-_ ]?(?:message|prompt))>)"
    r"|(?P<end>(?m:^[ \t>*#=_-]*(?:\(|\[|<)?(?:end|stop|finish)\s+(?:of\s+)?(?:the\s+)?(?:tool|function|api|user"
    r"|document|external|untrusted|search|web|email|file|data|context|context\s+data|user\s+data|system)\s*(?:output|results?"
    r"|response|input|prompt|content|data|block|section|message|instructions?)s?\b[^\n]{0,20}$))"
)
_MAY_START = re2.compile(
    r"<[|/<sStTfFuUaAdD\x{ff5c}]|\[/?[A-Z]|(?i:(?:end|stop|finish)\s+(?:of\s+)?(?:the\s+)?[tfaudeswic])"
)
_SCORE = {"token": 0.9, "tag": 0.7, "end": 0.6}
_NOTE = {
    "token": "a token of a chat template",
    "tag": "a tag that frames roles or tool results",
    "end": "pretends that the data ends here",
}


def forgeries(text: str) -> Iterator[tuple[int, int, float, str]]:
    """Start, end, score and note of each forged token, tag and end mark."""
    if _MAY_START.search(text) is None:
        return
    for found in _TOKENS.finditer(text):
        name = found.lastgroup or "token"
        yield found.start(), found.end(), _SCORE[name], _NOTE[name]


def template_tokens(text: str) -> str:
    """`text` with every token of a chat template taken apart, so that no tokenizer takes it for one."""
    if _MAY_START.search(text) is None:
        return text
    parts, last = [], 0
    for found in _TOKENS.finditer(text):
        if found.lastgroup == "token":
            parts += [text[last : found.start()], f"{found.group()[0]}\u2009{found.group()[1:]}"]
            last = found.end()
    return "".join([*parts, text[last:]])
