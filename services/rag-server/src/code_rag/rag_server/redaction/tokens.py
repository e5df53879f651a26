"""Tokens that say by their form who issued them.

The forms are those that the issuers document or announce to GitHub's secret scanning partner program.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from code_rag.rag_server.redaction.plausibility import is_filler
from code_rag.rag_server.redaction.span import Span

_RUN = re.compile(r"[A-Za-z0-9_.~-]{20,}")
"""What may be a token: few lines of code have such a word, so that this search costs next to nothing."""

_WORD, _HEX, _ALNUM = r"[A-Za-z0-9_-]", r"[0-9a-fA-F]", r"[A-Za-z0-9]"
_END = r"(?![A-Za-z0-9])"

_FORMS: Mapping[str, str] = {
    "AWS key": rf"A(?:KIA|SIA|BIA|CCA)[A-Z2-7]{{16}}{_END}",
    "GitHub token": rf"gh[pousr]_{_ALNUM}{{36,255}}|github_pat_\w{{80,100}}",
    "GitLab token": rf"gl(?:pat|dt|rt|ptt|soat|ft|agent|cbt|oas|imt|ffct)-{_WORD}{{20,}}",
    "Slack token": rf"xox[abeoprs]-{_WORD}{{20,}}|xapp-\d-{_WORD}{{20,}}|xoxe\.xox[bp]-\d-{_WORD}{{20,}}",
    "Stripe key": rf"[srp]k_live_{_ALNUM}{{16,}}|sk_test_{_ALNUM}{{24,}}|whsec_{_ALNUM}{{24,}}",
    "OpenAI key": rf"sk-(?:proj-|svcacct-|admin-)?{_WORD}{{20,}}T3BlbkFJ{_WORD}{{20,}}"
    rf"|sk-(?:proj|svcacct|admin)-{_WORD}{{40,}}|sk-{_ALNUM}{{48}}{_END}",
    "OpenRouter key": rf"sk-or-v1-{_HEX}{{64}}",
    "Anthropic key": rf"sk-ant-(?:api|admin|oat)\d\d-{_WORD}{{60,}}",
    "Google key": rf"AIza{_WORD}{{35}}{_END}",
    "Google OAuth secret": rf"GOCSPX-{_WORD}{{28}}{_END}|ya29\.{_WORD}{{40,}}|1//0{_WORD}{{40,}}",
    "npm token": rf"npm_{_ALNUM}{{36}}{_END}",
    "PyPI token": rf"pypi-AgE{_WORD}{{50,}}",
    "RubyGems key": rf"rubygems_{_HEX}{{48}}",
    "JWT": rf"eyJ{_WORD}{{10,}}\.eyJ{_WORD}{{10,}}\.{_WORD}{{10,}}",
    "SendGrid key": rf"SG\.{_WORD}{{16,32}}\.{_WORD}{{32,64}}",
    "Mailgun key": rf"key-[0-9a-f]{{32}}{_END}",
    "Twilio key": rf"SK[0-9a-f]{{32}}{_END}",
    "DigitalOcean token": rf"do[opr]_v1_{_HEX}{{64}}",
    "Hugging Face token": rf"hf_{_ALNUM}{{34,}}|api_org_{_ALNUM}{{34}}",
    "Replicate token": rf"r8_{_ALNUM}{{37}}{_END}",
    "Groq key": rf"gsk_{_ALNUM}{{48,}}",
    "xAI key": rf"xai-{_ALNUM}{{70,}}",
    "Perplexity key": rf"pplx-{_ALNUM}{{40,}}",
    "Shopify token": rf"shp(?:at|ca|pa|ss)_{_HEX}{{32}}",
    "Square token": rf"sq0[a-z]{{3}}-{_WORD}{{22,}}",
    "Facebook token": rf"EAA{_ALNUM}{{60,}}",
    "Databricks token": rf"dapi{_HEX}{{32}}",
    "New Relic key": rf"NR(?:AK|II|AL|JS|SP)-{_WORD}{{20,}}",
    "Grafana token": rf"gl(?:sa|c)_{_ALNUM}{{20,}}(?:_{_HEX}{{8}})?",
    "Sentry token": rf"sntry[su]_{_WORD}{{40,}}",
    "Linear key": rf"lin_(?:api|oauth)_{_ALNUM}{{32,}}",
    "Notion token": rf"ntn_{_ALNUM}{{40,}}|secret_{_ALNUM}{{43}}{_END}",
    "Docker Hub token": rf"dckr_[po]at_{_WORD}{{27,}}",
    "Vault token": rf"hv[sbr]\.{_WORD}{{24,}}",
    "age key": r"AGE-SECRET-KEY-1[A-Z0-9]{58}",
    "Postman key": rf"PMAK-{_HEX}{{24}}-{_HEX}{{34}}",
    "Doppler token": r"dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9_.-]{40,}",
    "PlanetScale token": rf"pscale_(?:tkn|pw|oauth)_{_WORD}{{30,}}",
    "Supabase key": rf"sbp_{_HEX}{{40}}|sb_secret_{_WORD}{{20,}}",
    "Airtable token": rf"pat{_ALNUM}{{14}}\.{_HEX}{{64}}",
    "Atlassian token": rf"ATATT3{_WORD}{{40,}}|ATCTT3{_WORD}{{40,}}|ATBB{_ALNUM}{{32}}{_END}",
    "Figma token": rf"fig[dou][rh]?_{_WORD}{{38,}}",
    "Heroku key": rf"HRKU-{_WORD}{{36,}}",
    "Pulumi token": rf"pul-{_HEX}{{40}}",
    "Fly token": rf"fo1_{_WORD}{{40,}}|FlyV1_{_WORD}{{40,}}",
    "Mapbox token": rf"sk\.eyJ{_WORD}{{20,}}\.{_WORD}{{10,}}",
    "Dropbox token": rf"sl\.{_WORD}{{100,}}",
    "Discord token": rf"[MNO]{_ALNUM}{{22,27}}\.{_WORD}{{6,7}}\.{_WORD}{{27,}}",
    "Terraform token": rf"{_ALNUM}{{14}}\.atlasv1\.{_WORD}{{60,}}",
    "Azure secret": rf"[A-Za-z0-9_~.]{{3}}\dQ~[A-Za-z0-9_~.-]{{31,34}}{_END}",
    "Telegram token": rf"AA{_WORD}{{33}}{_END}",
}
"""What a token looks like from its first character on, by what it is called."""

_SIGNS = frozenset("._~-")
"""What may stand before a token in a run."""

_TELEGRAM_ID = re.compile(r"\d{8,10}:$")


def _first_two(form: str) -> Iterator[str]:
    """The two characters that tokens of this form start with; one or none where they vary."""
    for part in re.split(r"\|(?![^(]*\))", form):
        yield re.match(r"[A-Za-z0-9]{0,2}", part)[0]  # type: ignore[index]


def _by_start() -> Mapping[str, Sequence[tuple[str, re.Pattern[str]]]]:
    rules: dict[str, list[tuple[str, re.Pattern[str]]]] = defaultdict(list)
    for kind, form in _FORMS.items():
        compiled = re.compile(form)
        for start in sorted(set(_first_two(form))):
            rules[start].append((kind, compiled))
    return rules


_BY_START = _by_start()
_ANY_START = tuple(rule for start, each in _BY_START.items() if len(start) < 2 for rule in each)


def find_tokens(text: str) -> Iterator[Span]:
    """Every token in the text."""
    for run in _RUN.finditer(text):
        start = run.start()
        while span := _token_at(text, start):
            yield span
            start = span.end


def _token_at(text: str, start: int) -> Span | None:
    """The token at `start`, or after an escape such as `\\n` or a sign there."""
    while text[start : start + 1] in _SIGNS:
        start += 1
    start += text[start - 1 : start] == "\\"
    for kind, form in (*_BY_START.get(text[start : start + 2], ()), *_ANY_START):
        if (match := form.match(text, start)) and _is_whole(text, start, kind, match[0]):
            return Span(start, match.end(), kind)
    return None


def _is_whole(text: str, start: int, kind: str, token: str) -> bool:
    if kind == "Telegram token":
        return _TELEGRAM_ID.search(text, max(0, start - 12), start) is not None
    return not is_filler(token)
