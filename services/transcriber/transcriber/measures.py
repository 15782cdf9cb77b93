"""The transcriber's own metrics."""

from prometheus_client import Counter, Gauge, Histogram

STREAMS = Gauge("warren_streams_active", "Live streams in this worker")
LAG = Histogram(
    "warren_stream_lag_seconds",
    "Time from the end of an utterance's audio arriving to its final being told",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
CHUNKS = Counter("warren_stream_chunks", "Chunks of audio taken from live streams")
UTTERANCES = Counter("warren_utterances", "Utterances recognised", ("kind",))
AUDIO_SECONDS = Counter("warren_audio_seconds", "Seconds of audio that engines listened to", ("engine",))
ENGINE_SECONDS = Counter("warren_engine_seconds", "Seconds that engines took for it", ("engine",))
RESTARTS = Counter("warren_engine_restarts", "Recognition processes that ended by themselves")
UNREADABLE = Counter("warren_audio_unreadable", "Pieces of audio that could not be decoded")
