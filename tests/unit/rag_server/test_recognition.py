"""Which questions are about a codebase as a whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.overview.recognition import Asked, recognise
from code_rag.rag_server.overview.topic import Topic

OVERVIEWS = {
    Topic.PURPOSE: [
        "What does this project do?", "what is this", "What's this repo for?", "what is this project about",
        "Give me an overview of the codebase", "Explain this project", "what problem does this solve",
        "can you tell me what this project does?", "What is the purpose of this repository?",
    ],
    Topic.ENTRY: [
        "Where does the program start?", "where does execution begin", "what is the entry point",
        "Where's the main function?", "What happens at startup?",
        "which file is the main entry point?",
    ],
    Topic.CONFIGURATION: [
        "How is it configured?", "How is it configured, and what are the defaults?", "how do I configure it",
        "which settings are there", "what environment variables does it read", "which env vars can I set",
    ],
    Topic.TESTS: ["How do I run the tests?", "how to run tests", "What command runs the unit tests?"],
    Topic.BUILD: ["How do I build it?", "how do we compile this"],
    Topic.INSTALL: ["how do i install this", "how do I set up the development environment"],
    Topic.RUN: ["How do I start it?", "how do I use this library", "how do I get started"],
    Topic.DEPLOY: ["how do I deploy it"],
    Topic.PARTS: ["Which services are there?", "list the modules", "which packages are in this repo"],
    Topic.COMMANDS: ["What commands does it provide?"],
    Topic.DEPENDENCIES: [
        "Which dependencies does it have?", "what does this depend on",
        "which libraries does it use",
        "which python version does it need",
    ],
    Topic.LANGUAGES: ["what language is it written in", "What's the tech stack?"],
    Topic.LICENSE: ["what license is it under"],
    Topic.VERSION: ["which version is this"],
    Topic.AUTHORS: ["who wrote this"],
    Topic.STRUCTURE: [
        "How is the code organised?", "show me the project structure",
        "How does this project work?",
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("question", "topic"), [(question, topic) for topic, asked in OVERVIEWS.items() for question in asked]
)
def test_an_overview_question_is_recognised(question: str, topic: Topic) -> None:
    """Usual wordings, with and without capitals, are about one topic and name nothing."""
    assert recognise(question) == (Asked(topic),)


def test_two_questions_in_one_are_two_topics() -> None:
    """Each clause is recognised by itself, in order."""
    asked = recognise("What does this project do and where is its entry point?")

    assert asked == (Asked(Topic.PURPOSE), Asked(Topic.ENTRY))


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("how is axios configured", Asked(Topic.CONFIGURATION, "axios")),
        ("What does React Router do?", Asked(Topic.PURPOSE, "react router")),
        ("how does flask start", Asked(Topic.ENTRY, "flask")),
        ("what does this function do", Asked(Topic.PURPOSE, "function")),
        ("where does the retry start", Asked(Topic.ENTRY, "retry")),
    ],
)
def test_what_narrows_a_question_is_a_name(question: str, asked: Asked) -> None:
    """The words that no topic explains are kept: the question is an overview if they name a project."""
    assert recognise(question) == (asked,)


@pytest.mark.parametrize(
    "question",
    [
        "How does rich find out how wide the terminal is?",
        "Where are the request interceptors run?",
        "Where are the user's preferences saved between runs?",
        "how to set a cookie",
        "when do loyalty points expire?",
        "What does `Session.rotate` do?",
        "What does main() do?",
        "which modules import Session",
        "how is the default timeout of a request to the payment gateway chosen",
    ],
)
def test_a_narrow_question_is_none(question: str) -> None:
    """A question about something in the code, or with code in it, is left to the search."""
    assert recognise(question) == ()


@given(st.text(max_size=300))
def test_any_text_is_read(question: str) -> None:
    """Whatever is typed, the names are words of it."""
    for asked in recognise(question):
        assert all(word in question.casefold() for word in asked.name.split())
