"""Live audio on `warren.audio`: what the gateway sends to the job of a stream, in order. See docs/decisions/0006."""

import enum
from dataclasses import dataclass

from aiormq import spec

from warren import topology
from warren.broker import Broker


class FrameType(enum.StrEnum):
    """What a message in a stream's queue is; the AMQP property `type`."""

    chunk = "chunk"
    """Audio."""
    finalize = "finalize"
    """What was said so far is an utterance: do not wait for silence."""
    keepalive = "keepalive"
    """The client is still there, without sending audio."""
    sync = "sync"
    """Tell what has arrived (`Synced`): a gateway asks when a client comes back."""
    end = "end"
    """No more audio comes: recognise what is left, then complete the job."""


@dataclass(frozen=True)
class Frame:
    """`seq` numbers chunks from 1 (other frames have that of the chunk before); `offset` counts the bytes of audio
    before this one. Both go on where they were when a client comes back."""

    type: FrameType
    seq: int
    offset: int
    body: bytes = b""


class MalformedFrame(ValueError):
    """A message in a stream's queue that no gateway sent."""


async def publish(broker: Broker, stream_id: str, frame: Frame) -> None:
    """Hand a frame to the stream's queue, confirmed.

    Raises `BrokerUnavailable`: also when the queue is gone (the stream has ended) or full (the client is too fast).
    """
    await broker.publish(
        topology.AUDIO,
        stream_id,
        frame.body,
        message_type=frame.type.value,
        headers={"seq": frame.seq, "offset": frame.offset},
    )


def decode(properties: spec.Basic.Properties, body: bytes) -> Frame:
    """The frame a message carries. Raises `MalformedFrame`."""
    headers = properties.headers or {}
    try:
        kind = FrameType(properties.message_type or "")
        seq, offset = headers["seq"], headers["offset"]
    except (KeyError, ValueError) as error:
        raise MalformedFrame(f"not a frame of audio: {error}") from None
    if not isinstance(seq, int) or not isinstance(offset, int):
        raise MalformedFrame("seq and offset must be integers")
    return Frame(kind, seq, offset, body)
