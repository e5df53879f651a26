"""How people ask about a codebase as a whole: the words of each topic."""

import re
from dataclasses import dataclass

from code_rag.rag_server.overview.topic import Topic


def words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


_EMPTY_WORDS = """
the this that these those my our your their its it here there me i we you one us
is are was be being been do does did done can could would should will may might must has have
what which who whom where when why how whats wheres hows s
to of for in on at with from by as about into and or so then
please kindly hi hey hello just quickly briefly exactly actually really overall basically simply
project projects repo repository codebase code source sources program application app package library lib
tool software product framework thing stuff system
let know show give say tell explain list name want need like get find see out get up all any every each
different main mainly some a an full whole entire short quick brief high level
"""
FILLERS = words_of(_EMPTY_WORDS)
"""Words that narrow nothing."""


@dataclass(frozen=True, slots=True)
class Signs:
    """How a topic is asked about: one of `signals` is there, beside them only `companions` and fillers."""

    topic: Topic
    signals: str
    companions: frozenset[str] = frozenset()
    context: str = ""
    """What the question must contain besides."""

    def fit(self, question: str) -> bool:
        """Whether a question may be about the topic."""
        return bool(re.search(rf"\b(?:{self.signals})\b", question) and re.search(self.context, question))

    def rest(self, words: list[str]) -> list[str]:
        """The words that narrow the question."""
        signal = re.compile(self.signals.replace(r"\W+", "|"))
        known = self.companions | FILLERS
        return [word for word in words if word not in known and not signal.fullmatch(word)]


def _signs(topic: Topic, signals: str, companions: str = "", context: str = "") -> Signs:
    return Signs(topic, "|".join(signals.split()), words_of(companions), context)


_ACT = (
    r"^(?:(?:please|and|then|so)\s)*(?:how|can|which|what|where|command|steps|guide|run|build"
    r"|install)\b|\bto\b"
)
_BY_SOMEONE = r"\b(?:i|we|you|one|to|command|steps|locally|me)\b"

SIGNS = (
    _signs(
        Topic.TESTS,
        r"tests? testing test\W+suites?",
        "run runs running ran execute executed start started unit integration suite suites command commands "
        "check pass locally kept live located framework frameworks runner used use using way",
    ),
    _signs(
        Topic.ENTRY,
        r"entry entrypoints? bootstrap(?:s|ped)? startup main\W+(?:function|file|method|module|class"
        r"|program|script) "
        r"where\W+(?:is|s)\W+(?:the\W+)?main runs\W+first first\W+(?:run|executed)",
        "point points function file files method module class script program called invoked run runs "
        "executed "
        "execution start starts started first happens happen at defined located line",
    ),
    _signs(
        Topic.ENTRY,
        "starts? started starting begins? beginning boots? launch(?:es|ed)?",
        "execution running run runs executed first happens happen file function line point up",
        r"\b(?:where|what happens|which (?:file|function|line)|from where)\b"
        r"|\bhow (?:does|is|do)\b(?! (?:i|we|you|one)\b)",
    ),
    _signs(
        Topic.CONFIGURATION,
        r"configur(?:e|es|ed|ing|able|ations?) configs? settings? env environment\W+variables? options "
        r"customi[sz](?:e|ed|able) defaults",
        "file files vars variable variables environment default defaults value values change changed set "
        "supported "
        "available read exist exists stored kept live located support supports understand understands accept "
        "accepts configured used use possible takes take way command line flags",
    ),
    _signs(
        Topic.DEPLOY,
        r"deploy(?:s|ed|ing|ment)?",
        "production docker kubernetes run command steps guide way",
        _ACT,
    ),
    _signs(
        Topic.INSTALL,
        r"install(?:s|ed|ing|ation)? set\W+(?:it\W+)?up setup prerequisites requirements\W+(?:to"
        r"|for)\W+install",
        "development environment dev locally machine computer steps instructions guide command way "
        "download add "
        "start started working on local contributing use",
    ),
    _signs(
        Topic.BUILD,
        r"builds? built building compil(?:e|es|ed|ing)",
        "command steps scripts locally run make way binary release instructions",
        _ACT,
    ),
    _signs(
        Topic.RUN,
        r"run running start(?:ed|ing)? launch execute use used using usage quickstart try serve",
        "command locally steps getting example examples basic first way development mode machine quick "
        "instructions local",
        _BY_SOMEONE + r"|\busage\b|\bgetting started\b|\bquick ?start\b",
    ),
    _signs(
        Topic.COMMANDS,
        r"(?:sub)?commands executables binaries scripts targets cli",
        "available provide provides offer offers defined command line make npm there interface exist",
    ),
    _signs(
        Topic.PARTS,
        "services microservices modules packages components subsystems parts workspaces apps crates "
        "applications "
        "libraries",
        "consist consists contain contains made exist exists included include includes available provide "
        "part "
        "split divided service",
        r"^(?!.*\b(?:use|uses|using|depends?|third|external|needs?|requires?|imports?)\b)",
    ),
    _signs(
        Topic.DEPENDENCIES,
        r"dependenc(?:y|ies) depends? depending requirements libraries packages "
        r"(?:python|node|java|go|rust|ruby|php)\W+version versions?\W+of\W+(?:python|node|java|go|rust"
        r"|ruby|php)",
        "use uses used using need needs needed require requires required third party external import imports "
        "list declared runtime python node java go rust ruby php version versions supported support supports "
        "minimum other needs external open",
    ),
    _signs(
        Topic.LANGUAGES,
        r"languages? (?:tech(?:nology)?\W+)?stack technolog(?:y|ies) frameworks?",
        "programming written used use uses using built tech technology implemented made",
    ),
    _signs(
        Topic.LICENSE,
        r"licen[cs](?:e|es|ed|ing)",
        "terms under open released kind type use used commercially distributed published",
    ),
    _signs(
        Topic.VERSION,
        r"versions? release",
        "current latest number at now defined stored set file kept",
    ),
    _signs(
        Topic.AUTHORS,
        r"authors? maintainers? maintains? wrote written\W+by made\W+by behind",
        "made wrote behind created creator contact by maintained",
    ),
    _signs(
        Topic.STRUCTURE,
        r"structured? organi[sz](?:ed|ation) layout architecture folders director(?:y|ies) tree laid\W+out "
        r"works? working",
        "look looks laid top contain contains folder directory internally file files hood under big picture "
        "inside exist project's",
    ),
    _signs(
        Topic.PURPOSE,
        r"purpose goals? aim overview summary summari[sz]e describe description explain introduc(?:e|tion) "
        r"intro "
        r"readme problem point tl;?dr used\W+for good\W+for \w+\W+me\W+about explanation idea motivation "
        r"exist",
        "solve solves used use good supposed meant serve serves exist exists behind kind sort type purpose "
        "intended read basic happening",
    ),
)
