"""The grammar that a local model writes by, in llama.cpp's form: what cites nothing cannot be written.

https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md describes the form.
"""

SENTENCES = 3

_GRAMMAR = r"""
root ::= sentence (" " sentence){{0,{more}}}
sentence ::= start part* (end " " cited | " " cited "."?)
start ::= [^\x00-\x20\[\]\x60.!?…。！？] | code
part ::= [^\x00-\x1F\[\]\x60.!?…。！？] | code | [.!?] [^\x00-\x20\[\]\x60.!?…。！？]
code ::= "\x60" [^\x00-\x1F\x60]+ "\x60"
end ::= [.!?…。！？]
cited ::= citation citation?
citation ::= "[" ({numbers}) "]"
"""


def grammar(blocks: int) -> str:
    """At most three sentences, each with the number of one or two of the given blocks.

    Sentences may be in any language. Brackets stand in code only: nothing else looks like a citation.
    """
    numbers = " | ".join(f'"{number}"' for number in range(1, blocks + 1))
    return _GRAMMAR.format(more=SENTENCES - 1, numbers=numbers).lstrip()
