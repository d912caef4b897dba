"""As little of HTTP/2 as it takes to be a client that no library would be."""

import asyncio
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
_ACK, _END_HEADERS = 1, 4
_INITIAL_WINDOW_SIZE = 4


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Return one frame."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def opening(*, window: int = 65_535) -> bytes:
    """Return what a client sends first; ``window`` is what a stream may bring it unasked."""
    return PREFACE + frame(SETTINGS, 0, 0, struct.pack(">HI", _INITIAL_WINDOW_SIZE, window))


def call(stream: int, method: str) -> bytes:
    """Return the headers that begin a call, its strings neither indexed nor compressed."""
    headers = (
        (":method", "POST"),
        (":scheme", "http"),
        (":path", method),
        (":authority", "localhost"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    )
    block = b"".join(
        b"\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()
        for name, value in headers
    )
    return frame(HEADERS, _END_HEADERS, stream, block)


def message(stream: int, payload: bytes, *, is_last: bool = False) -> bytes:
    """Return a gRPC message in frames of 16 KiB, whatever the receiver's window is."""
    framed = struct.pack(">BI", 0, len(payload)) + payload
    parts = [framed[at : at + 16_384] for at in range(0, len(framed), 16_384)]
    return b"".join(
        frame(DATA, int(is_last and k == len(parts) - 1), stream, part)
        for k, part in enumerate(parts)
    )


async def answer_pings(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> dict[int, bytes]:
    """Acknowledge settings and pings until the end, and take nothing else.

    Returns:
        The headers that ended each stream, as they came, and b"" for one that was reset alone.
    """
    ended: dict[int, bytes] = {}
    while True:
        try:
            head = await reader.readexactly(9)
            payload = await reader.readexactly(int.from_bytes(head[:3], "big"))
        except (asyncio.IncompleteReadError, ConnectionError):
            return ended
        kind, flags, stream = struct.unpack(">BBI", head[3:])
        if kind in (SETTINGS, PING) and not flags & _ACK:
            writer.write(frame(kind, _ACK, 0, payload if kind == PING else b""))
        elif kind == HEADERS and flags & 1:
            ended[stream] = payload
        elif kind == RST_STREAM:
            ended.setdefault(stream, b"")
