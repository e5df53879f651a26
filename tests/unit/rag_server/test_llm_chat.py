"""Asking with `llm`, a chat client of the command line."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.rag_server.answer_fakes import FakeChat
from tests.unit.rag_server.live_app import an_app, live


async def said(folder: Path, url: str, *words: str) -> str:
    """What the command prints; its settings and history are in `folder`."""
    (folder / "extra-openai-models.yaml").write_text(
        f'- {{model_id: shop, model_name: code-rag, api_base: "{url}/v1", supports_tools: true}}\n'
    )
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LLM_USER_PATH": str(folder)}
    command = [sys.executable, "-m", "llm", *words]
    done = await asyncio.to_thread(
        subprocess.run, command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("options", [[], ["--no-stream"], ["-T", "llm_time"]])
async def test_llm_shows_the_answer_and_its_sources(
    codebase: Path, tmp_path: Path, options: list[str]
) -> None:
    """Streamed, whole, and with a tool that is never called, the text stands by itself."""
    async with live(an_app(codebase)) as http:
        text = await said(tmp_path, str(http.base_url), "-m", "shop", *options, "how is an order cancelled?")

        assert text == (
            "Cancelling keeps the order [1:1-2].\n\n"
            f"Sources:\n- [1] [`shop/orders.py:1-2`]({http.base_url}/#file=shop/orders.py:1-2) `cancel`\n"
        )


async def test_llm_continues_a_conversation_with_options(codebase: Path, tmp_path: Path) -> None:
    """A system message, options and a second question, with what it follows up on, reach the model."""
    model = FakeChat()
    async with live(an_app(codebase, chat=model)) as http:
        url = str(http.base_url)
        await said(tmp_path, url, "-m", "shop", "-s", "Be kind.", "-o", "temperature", "0.5", "how?")
        await said(tmp_path, url, "-c", "and why?")

    first, rewriting = (asked[-1]["content"] for asked in model.asked[:2])
    assert "Question: how?\n\nAnswer in" in first
    assert all(text in rewriting for text in ("how?", "Cancelling keeps the order", "and why?"))
    assert model.asked[0][0]["content"].endswith("Be kind.")
    assert model.sampled[0].temperature == 0.5
