"""What chat programs ask for themselves: recognised whoever words it, and answered without a search."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.routes.chat.replies import reply
from code_rag.rag_server.routes.chat.tasks import KEYS, task_of
from code_rag.servicekit.wire.chat import ChatMessage

ASKED = "Where is the refund window defined?"
ANSWERED = "Method `Refund.window` in `shop/refunds.py` [1:40-41]"
HISTORY = f"<chat_history>\nUSER: {ASKED}\nASSISTANT: {ANSWERED}\n</chat_history>"
TALK = f"User: {ASKED}\nAI: {ANSWERED}"

Said = tuple[str, str]


def chat(*said: Said) -> list[ChatMessage]:
    """Messages of these roles and texts."""
    return [ChatMessage(role=role, content=text) for role, text in said]


def after_a_turn(order: str) -> list[ChatMessage]:
    """A conversation that ends in an order."""
    return chat(("user", ASKED), ("assistant", ANSWERED), ("user", order))


IN_JSON = {
    '{"title": "Refund window defined"}': [
        f'### Task:\nGenerate a 3-5 word title for the chat.\nFormat: {{ "title": "it" }}\n{HISTORY}',
        f'### Aufgabe:\nEin kurzer Titel, bitte.\n{{ "title": "..." }}\n{HISTORY}',
    ],
    '{"tags": ["Code", "Refund", "Window"]}': [
        f'### Task:\nWrite tags for the themes of the chat.\nJSON: {{"tags": ["one", "two"]}}\n{HISTORY}',
    ],
    '["Code", "Refund", "Window"]': [
        f'Suggest up to three tags for this conversation as a JSON array, such as ["a"].\n{TALK}',
    ],
    '{"follow_ups": ["What uses `Refund.window`?", "Which tests cover `Refund.window`?"]}': [
        "### Task:\nSuggest 3 follow-up questions that the user might ask next in this conversation.\n"
        f'JSON: {{ "follow_ups": ["Question 1?"] }}\n{HISTORY}',
    ],
    json.dumps({"queries": [ASKED]}): [
        "### Task:\nRead the chat history and determine whether search queries are needed; generate 1-3.\n"
        f'Return JSON:\n{{\n  "queries": ["query1"]\n}}\n{HISTORY}',
    ],
    '{"text": ""}': [
        "### Task:\nYou are an autocompletion system. Continue the text in `<text>`.\n"
        f'Respond only in JSON: {{ "text": "..." }}.\n{HISTORY}\n<text>where is</text>',
    ],
}
IN_PROSE = {
    "title in one message": chat(("user", f"Provide a 5-word-or-less title for the conversation.\n\n{TALK}")),
    "numbered": chat(
        ("user", f"Analyze this chat:\n1. its language\n2. a concise title (5 words or less)\n\n{TALK}")
    ),
    "speakers in quotes": chat(
        (
            "user",
            "Please generate a title for the conversation, with no punctuation.\n\n"
            f'||>User:\n"{ASKED}"\n||>Response:\n"In refunds."',
        )
    ),
    "query first": chat(
        (
            "user",
            f"Here is the query:\n\n--------\n\n{ASKED}\n\n--------\n\nCreate a 3-5 word phrase as a title "
            "for it. Respond only with the title text.",
        )
    ),
    "message last": chat(("user", f'Summarize as a title in 10 words. Here is the message: "{ASKED}"')),
    "a name": chat(
        ("user", f"Based on the chat, give this conversation a name, 10 characters max.\n```\n{ASKED}\n```")
    ),
    "after the turns": after_a_turn(
        "Please generate a four to five word title of our conversation without any lead-in or punctuation."
    ),
    "after the turns in Chinese": after_a_turn("使用四到五个字返回这次对话的主题，不要解释、不要标点"),
    "ordered by the system": chat(
        ("system", "Summarize the user's conversation as a title within 10 words."), ("user", ASKED)
    ),
    "quoted to the system's order": chat(
        ("system", "Generate a concise title for the conversation. Maximum 10 words."), ("user", TALK)
    ),
}
QUESTIONS = [
    ASKED,
    "Where does it generate a title for the conversation?",
    "How are the titles of chats made, and with which JSON?",
    "Generate a short name for the message queue",
    "Write a function that returns a title for the message, in 5 words or less",
    "Suggest 3 follow-up questions for this conversation",
    "Why is the title of a thread limited to 60 characters?",
    'Where is { "title": "x" } parsed?',
    "Explain: create_title returns only the title of the thread as JSON",
    "### Task:\nRespond to the query using the context.\n<context>x</context>\n<user_query>why?</user_query>",
    "How does this project summarize a discussion in 200 words?",
    'Why does this fail?\n\nuser: postgres\nname: shop\n\n{ "name": "shop", "topic": [] }',
    "What is missing here?\n- Create a topic name for each message, as JSON.\n- Return only the title.",
    "Why?\n- Generate a name for the pod\n" + "- and so on\n" * 30 + "- in a conversation\n- as JSON",
]


@pytest.mark.parametrize(
    ("wanted", "prompt"), [(wanted, prompt) for wanted, prompts in IN_JSON.items() for prompt in prompts]
)
def test_a_task_is_answered_in_the_json_it_asks_for(wanted: str, prompt: str) -> None:
    """Key and kind of value are those of the prompt's own example."""
    messages = chat(("user", prompt))
    task = task_of(messages)

    assert task is not None
    assert reply(task, messages) == wanted


@pytest.mark.parametrize("messages", IN_PROSE.values(), ids=IN_PROSE.keys())
def test_a_title_is_made_of_the_first_question(messages: list[ChatMessage]) -> None:
    """Wherever the conversation stands, its first question makes the title."""
    task = task_of(messages)

    assert task is not None
    assert reply(task, messages) == "Refund window defined"


def test_a_follow_up_to_rephrase_is_returned() -> None:
    """Without a model a question cannot be made to stand alone; it is given back as it is."""
    messages = chat(
        (
            "user",
            "Given the conversation and a follow up question, rephrase it to be a standalone question.\n"
            f"{TALK}\nFollow up input: and who calls it?\nStandalone question:",
        )
    )
    task = task_of(messages)

    assert task is not None
    assert reply(task, messages) == "and who calls it?"


def test_a_summary_for_later_turns_names_what_was_asked() -> None:
    """A chat program that shortens its history gets the questions so far."""
    messages = after_a_turn("Summarize the discussion briefly in 200 words or less, for future context.")
    task = task_of(messages)

    assert task is not None
    assert reply(task, messages) == f"Asked so far: {ASKED}"


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_no_task(question: str) -> None:
    """What people ask about titles and conversations in their code is searched for."""
    assert task_of(chat(("user", question))) is None


def test_standing_wishes_are_no_task() -> None:
    """A system message that wants something of every answer does not turn questions into tasks."""
    wish = "Answer briefly. Give each answer a title, and suggest 3 follow-up questions on the conversation."

    assert task_of(chat(("system", wish), ("user", ASKED))) is None


def test_a_long_system_message_orders_no_title() -> None:
    """An agent's rules may speak of titles, conversations and JSON; what follows is a question."""
    rules = "Work step by step. " * 100 + "Create a title for the conversation, in 5 words."

    assert task_of(chat(("system", rules), ("user", ASKED))) is None


FLOODS = [
    "a",
    ": ",
    "user: x\n",
    "----\n",
    '{"title":[',
    "a_",
    "<chat_history>",
    "\n",
    "please ",
    "```\n",
    "x: ",
]


@given(
    st.lists(
        st.sampled_from([*FLOODS, "title for the chat in 5 words ", "user:", '"tags": ["', "\n"]), max_size=30
    )
)
def test_any_prompt_is_read(parts: list[str]) -> None:
    """No text makes recognising or replying fail, and a reply in JSON is JSON."""
    messages = chat(("user", "".join(parts)))
    if task := task_of(messages):
        said = reply(task, messages)
        assert not task.key or json.loads(said).keys() <= KEYS.keys() | {"follow_ups"}


@pytest.mark.parametrize("flood", FLOODS)
def test_floods_are_read_too(flood: str) -> None:
    """Reading takes time in proportion to the text."""
    messages = chat(("user", flood * 50_000 + "\nGenerate a title for the conversation in 5 words."))
    task = task_of(messages)

    assert task is not None
    assert reply(task, messages)
