"""Posts that come in bulk: read while they come, handed on in messages that RabbitMQ takes, each line told of."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from pydantic import BaseModel, Field

from gateway import bodies
from gateway.asking import ask
from gateway.problems import Problem
from gateway.service import Gateway
from warren.contracts.digest_queries import BYTES_PER_MESSAGE, POSTS_PER_MESSAGE, AddPosts
from warren.contracts.digest_records import AddedPosts, NewPost

MAX_POSTS = 10_000
"""In one call."""
MAX_LINE_BYTES = 2_000_000
ADD_SECONDS = 20.0

Item = NewPost | Problem


class PostsRequest(BaseModel):
    """Posts to add to a channel. The same `external_id` or `url` twice in a channel is one post."""

    posts: list[NewPost] = Field(min_length=1)


@dataclass
class Delivery:
    """One call's posts on their way to a channel."""

    gateway: Gateway
    owner: str
    channel_id: str
    added: int = 0
    duplicates: int = 0
    rejected: int = 0
    results: list[dict[str, Any]] = field(default_factory=list)
    _held: list[tuple[int, NewPost]] = field(default_factory=list)
    _bytes: int = 0

    async def take(self, number: int, item: Item, size: int) -> None:
        """A post and how many bytes it came in, or why it is none. `number` counts them from 1."""
        if isinstance(item, Problem):
            self.rejected += 1
            told = {"line": number, "status": "rejected", "id": None, "code": item.code, "message": item.detail}
            self.results.append(told)
            return
        if len(self._held) == POSTS_PER_MESSAGE or (self._held and self._bytes + size > BYTES_PER_MESSAGE):
            await self.flush()
        self._held.append((number, item))
        self._bytes += size

    async def flush(self) -> None:
        """Hand on what is held. Raises `Problem`s."""
        held, self._held, self._bytes = self._held, [], 0
        if not held:
            return
        query = AddPosts(owner=self.owner, channel_id=self.channel_id, posts=tuple(post for _, post in held))
        told = await ask(self.gateway, query, AddedPosts, timeout=ADD_SECONDS)
        self.added += told.added
        self.duplicates += told.duplicates
        self.rejected += told.rejected
        for outcome in told.results:
            line = held[outcome.index][0]
            self.results.append({"line": line, **outcome.model_dump(exclude={"index"})})

    def report(self) -> dict[str, Any]:
        counts = {"added": self.added, "duplicates": self.duplicates, "rejected": self.rejected}
        return {"object": "posts", **counts, "results": sorted(self.results, key=lambda told: told["line"])}


async def deliver(request: Request, gateway: Gateway, owner: str, channel_id: str) -> dict[str, Any]:
    """Add the posts of the body; what became of each. Raises 413, 415, 422 and 503 `Problem`s, and a 404 one for the
    channel. What was added before one stays, and is a duplicate when the call is made again."""
    delivery = Delivery(gateway, owner, channel_id)
    taken = 0
    async for number, item, size in _items(request):
        taken += 1
        if taken > MAX_POSTS:
            await delivery.flush()
            raise Problem(
                413,
                "posts.too_many",
                f"A call may have up to {MAX_POSTS} posts. The first were taken; send the others.",
            )
        await delivery.take(number, item, size)
    if not taken:
        raise Problem(422, "request.invalid", "The body has no posts.")
    await delivery.flush()
    return delivery.report()


async def _items(request: Request) -> AsyncIterator[tuple[int, Item, int]]:
    kind = bodies.media_type(request)
    if kind == bodies.JSON:
        whole = await bodies.read(request, PostsRequest)
        # All of them came in at most a megabyte, so that only their number matters.
        for number, post in enumerate(whole.posts, 1):
            yield number, post, 0
        return
    if kind not in bodies.LINES:
        raise Problem(415, "request.media_type", f"Send {bodies.LINES[0]}, a post a line, or {bodies.JSON}.")
    async for number, line in bodies.lines(request, MAX_LINE_BYTES):
        yield number, _post(line), len(line or b"")


def _post(line: bytes | None) -> Item:
    if line is None:
        return Problem(422, "post.too_long", f"A line may have up to {MAX_LINE_BYTES} bytes.")
    try:
        return bodies.parsed(NewPost, line)
    except Problem as problem:
        return Problem(422, "post.invalid", problem.detail)
