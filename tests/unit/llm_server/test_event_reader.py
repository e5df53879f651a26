"""Events are the same however their bytes are divided, and no bytes break the reader."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.llm_server.backends.event_reader import Event, EventReader, EventTooLong

OPENAI = 'data: {"a": "größer"}\n\ndata: {"b": "😀"}\n\ndata: [DONE]\n\n'
PROXY = '\ufeffdata:{"a": 1}\r\n\r\n: ping\r\n\r\nid: 7\r\nretry: 3000\r\n\r\ndata:[DONE]\r\n\r\n'
RETURNS = 'data: {"a":\rdata: 1}\r\rdata\r\rdata:\r\rdata: [DONE]'  # and no empty line at the end
RECORDED = [
    (OPENAI, ['{"a": "größer"}', '{"b": "😀"}', "[DONE]"]),
    (PROXY, ['{"a": 1}', "[DONE]"]),
    (RETURNS, ['{"a":\n1}', "[DONE]"]),
]


def read(pieces: list[bytes], longest: int = 1000) -> list[Event]:
    """All events of a stream that comes in `pieces`."""
    reader = EventReader(longest)
    events = [event for piece in pieces for event in reader.feed(piece)]
    last = reader.close()
    return events + ([last] if last else [])


@pytest.mark.parametrize(("text", "expected"), RECORDED, ids=["openai", "proxy", "returns"])
def test_a_recorded_stream_may_be_divided_at_every_byte(text: str, expected: list[str]) -> None:
    """Two pieces, wherever the division, and single bytes, give the same events as one piece."""
    recorded = text.encode()
    divided = [[recorded[:at], recorded[at:]] for at in range(len(recorded) + 1)]
    for pieces in [*divided, [recorded[at : at + 1] for at in range(len(recorded))]]:
        assert [event.data.decode() for event in read(pieces)] == expected


def test_names_go_with_their_events() -> None:
    """A name holds for one event, and not for the next."""
    events = read([b"event: ping\ndata: {}\n\nevent: lost\n\ndata: 1\n\n"])
    assert events == [Event(b"ping", b"{}"), Event(b"", b"1")]


STREAM_BYTES = st.lists(
    st.sampled_from(
        [b"data:", b"data: {}", b"event: x", b":", b"id: 1", b"\n", b"\r", b"\r\n", b"\xff", b" "]
    )
    | st.binary(max_size=8)
).map(b"".join)


@given(STREAM_BYTES, st.lists(st.integers(0, 200), max_size=6))
def test_no_bytes_break_it(stream: bytes, places: list[int]) -> None:
    """Whatever comes, in whatever pieces, the events are those of the whole, none without data."""
    ends = sorted({min(place, len(stream)) for place in places} | {0, len(stream)})
    pieces = [stream[start:end] for start, end in pairwise(ends)]
    events = read(pieces)
    assert events == read([stream])
    assert all(event.data.strip() for event in events)


@pytest.mark.parametrize(
    "endless", [b"x" * 40, b": " + b"x" * 40, b"data: x\n" * 9], ids=["line", "comment", "data"]
)
def test_an_endless_event_is_refused(endless: bytes) -> None:
    """A line, a comment or the data of one event that goes on and on is not kept."""
    with pytest.raises(EventTooLong):
        read([bytes([byte]) for byte in endless], longest=32)


def test_many_short_events_are_no_long_one() -> None:
    """The bound is for one event, not for a stream."""
    assert len(read([b"data: x\n\n: ping\n\n"] * 50, longest=32)) == 50
