"""The language in which a question is asked, so that its answer can be written in it."""

import re

ENGLISH = "English"

_SCRIPTS = (
    ("Korean", re.compile("[\uac00-\ud7a3\u1100-\u11ff]")),
    ("Japanese", re.compile("[\u3040-\u30ff]")),
    ("Chinese", re.compile("[\u4e00-\u9fff]")),
    ("Ukrainian", re.compile("[іїєґ]", re.IGNORECASE)),
    ("Russian", re.compile("[\u0400-\u04ff]")),
    ("Greek", re.compile("[\u0370-\u03ff]")),
    ("Arabic", re.compile("[\u0600-\u06ff]")),
    ("Hebrew", re.compile("[\u0590-\u05ff]")),
    ("Hindi", re.compile("[\u0900-\u097f]")),
    ("Thai", re.compile("[\u0e00-\u0e7f]")),
)
_FEWEST_LETTERS = 3
_WORD = re.compile(r"[^\W\d_]+")
_CODE = re.compile(r"`[^`\n]*`|\"[^\"\n]*\"|(?<!\w)'[^'\n]*'(?!\w)|\S*[A-Za-z0-9][_./:()][A-Za-z0-9_]\S*")
_WORDS = {
    ENGLISH: """
        a an and are by can did do does for from how i in is it its of on or the this that to was what
        when where which who why will with you your
    """,
    "German": """
        ab als auf aus bei das dem den der des die ein eine einen für gibt hat ich ist kann man mit nach
        nicht oder sind und unter von wann warum was welche welcher wenn wer werden wie wird wo wofür
        woher zu zum zur
    """,
    "French": """
        au aux avec ce ces cette comment dans de des du elle en est et fait il la le les lorsque ne où
        ou par pas pour pourquoi quand que quel quelle quelles quels qui quoi se sont sur un une
    """,
    "Spanish": """
        al como cómo con cuando cuándo cuál cuáles de del donde dónde el en es está están este la las lo
        los no para por porque qué que quién se si son su un una y
    """,
    "Portuguese": """
        ao as com como da das de do dos é em está este isso não na no nas nos o onde os para pela pelo
        por porque quais qual quando que quem são se um uma
    """,
    "Italian": """
        che chi come con cosa da dal dalla dei del della delle di dove e è gli il in la le lo nel nella
        non per perché quale quali quando si sono su un una viene
    """,
    "Dutch": """
        aan als bij dat de deze die dit een en er het hoe in is kan met naar niet of om op te van voor
        waar waarom wanneer wat welke wie wordt worden zijn
    """,
    "Korean": """
        가능한가요 그 누가 누구 되나요 됩니까 뭐 무슨 무엇 무엇을 무엇이 몇 및 수 어느 어디 어디서
        어디에 어디에서 어떤 어떻게 언제 언제까지 얼마 얼마나 왜 이 인가요 있나요 있습니까 저 하나요
        합니까
    """,
    "Polish": """
        czy dla do gdzie i ile jak jaka jaki jakie jest kiedy która które który na nie od po się są to w
        z ze
    """,
}
_COMMON = {language: frozenset(words.split()) for language, words in _WORDS.items()}


def common_words(language: str) -> frozenset[str]:
    """Words that say nothing about a question's subject; none are known of some languages."""
    return _COMMON.get(language, frozenset())


def language_of(question: str) -> str:
    """Its name: by its script, or by its commonest words; English where nothing speaks for another.

    Code in the question says nothing about its language.
    """
    prose = _CODE.sub(" ", question)
    for language, script in _SCRIPTS:
        if len(script.findall(prose)) >= (1 if language == "Ukrainian" else _FEWEST_LETTERS):
            return language
    words = [word.lower() for word in _WORD.findall(prose)]
    counts = {language: sum(word in common for word in words) for language, common in _COMMON.items()}
    best = max(counts, key=lambda language: counts[language])  # English is the first
    return best if counts[best] > 1 else ENGLISH
