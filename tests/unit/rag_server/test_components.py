"""Components of Vue and Svelte: markup with scripts in it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.chunking import chunk_file
from code_rag.rag_server.chunking.components import script_of
from tests.unit.rag_server.chunked import a_file, assert_covers, lines_of

VUE = """<template>
  <ul>
    <li v-for="box in boxes" :key="box.sku">{{ box.label }}</li>
  </ul>
</template>

<script>
export default { name: "BoxList" }
</script>

<script
  setup lang="ts" generic="T extends Shelf<Box>"
>
interface Box { sku: string }

async function load(): Promise<Box[]> {
  return await fetch("/boxes")
}
</script>

<style scoped>
ul { margin: 0 }
</style>
"""

SVELTE = """<script context="module">
  export function preload(page) {}
</script>
<script>let shown = 1; const hide = () => { shown = 0 }</script>

{#if shown}
  <p on:click={hide}>{shown}</p>
{/if}
"""


def test_definitions_of_a_vue_component_are_those_of_its_scripts() -> None:
    """TypeScript is parsed at its place in the file, whatever its tag looks like."""
    (chunk,) = chunk_file(a_file(VUE, "vue")).chunks
    assert (chunk.symbols, chunk.symbol, chunk.kind) == (("Box", "load"), "Box", "interface")


def test_a_svelte_component_has_several_scripts() -> None:
    """Every script counts, one on a single line too."""
    (chunk,) = chunk_file(a_file(SVELTE, "svelte")).chunks
    assert chunk.symbols == ("preload", "hide")


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("<script>", "javascript"),
        ('<script lang="ts">', "typescript"),
        ("<script setup lang='tsx'>", "tsx"),
        ("<SCRIPT lang=ts>", "typescript"),
        ('<script lang="js">', "javascript"),
    ],
)
def test_the_tag_says_which_language_a_script_is_in(tag: str, language: str) -> None:
    """Vue and Svelte name TypeScript in the attribute `lang`."""
    assert script_of([tag, "f()", "</script>"])[1] == language


def test_a_large_component_is_split_between_its_blocks() -> None:
    """Markup, functions and styles too large for one chunk do not share one."""
    markup = (
        "<template>\n" + '  <box-label :sku="sku" :size="size" @print="print" />\n' * 20 + "</template>\n"
    )
    function = "function f{0}() {{\n" + "  const label = print(sku, size)\n" * 12 + "}}\n"
    script = "<script>\n" + "\n".join(function.format(number) for number in range(2)) + "</script>\n"
    chunking = chunk_file(a_file(markup + script, "vue"))
    assert_covers(chunking, markup + script)
    assert [chunk.symbol for chunk in chunking.chunks if "function" in chunk.text] == ["f0", "f1"]
    assert not any("box-label" in chunk.text and "function" in chunk.text for chunk in chunking.chunks)


def test_a_component_without_script_is_split_like_markup() -> None:
    """No script is no failure."""
    chunking = chunk_file(a_file("<p>Hello</p>\n", "svelte"))
    assert (chunking.method, chunking.fallback, chunking.chunks[0].symbols) == ("syntax", "", ())


@given(
    st.lists(
        st.sampled_from(["<script", ">", '"', "'", "</script>", "\n", " lang=ts", "f() {", "가", "<p>"])
    ),
)
def test_a_script_keeps_its_place(pieces: list[str]) -> None:
    """Whatever the tags, what is left of a file has its lines and columns."""
    lines = lines_of("".join(pieces))
    script, _ = script_of(lines)
    assert [len(line) for line in script] == [len(line) for line in lines]
    assert all(kept in (" ", was) for kept, was in zip("".join(script), "".join(lines), strict=True))


@pytest.mark.parametrize("text", ["<script \n", '<script "\n', "<script>\n", "<script a='>\n", "</script>\n"])
def test_hostile_tags_take_linear_time(text: str) -> None:
    """Tags that never close, a hundred thousand times, do not occupy the process."""
    started = time.thread_time()
    script_of((text * 100_000).split("\n"))
    assert time.thread_time() - started < 2
