"""A language model that does as told: it reads the posts it is asked about, and answers, badly where the test wants."""

import json
from collections.abc import Callable
from typing import Any

from warren.testing.scripted_llm import RecordedRequest, ScriptedLlm, Step

Spoil = Callable[[list[dict[str, Any]], list[dict[str, Any]]], Any]
"""Changes answers: gets the posts asked about and the right answers, returns what is said instead."""


class Model(ScriptedLlm):
    """Sorts by the first word of a post's title, and summarizes by repeating the title. `spoil` may say otherwise."""

    def __init__(
        self, spoil: Spoil | None = None, *, delay: float = 0.0, fail: Callable[[int], Step | None] = lambda _: None
    ) -> None:
        super().__init__()
        self._spoil = spoil or (lambda _posts, answers: answers)
        self._delay = delay
        self._fail = fail
        self._under_way = 0
        self.most = 0
        """Most requests that were under way at a time."""

    def take(self, request: RecordedRequest) -> Step:
        """Record a request and answer it."""
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()
            number = len(self.requests)
        failure = self._fail(number)
        if failure is not None:
            return failure
        posts = asked(request)
        if is_sorting(request):
            answers = [{"id": post["id"], "category": post["title"].split()[0]} for post in posts]
        else:
            answers = [{"id": post["id"], "sentences": [f"Summary of {post['title']}."]} for post in posts]
        with self._changed:
            self._under_way += 1
            self.most = max(self.most, self._under_way)
        self.closing.wait(self._delay)
        with self._changed:
            self._under_way -= 1
        return Step(reply=json.dumps({"answers": self._spoil(posts, answers)}))


def asked(request: RecordedRequest) -> list[dict[str, Any]]:
    """The posts of a request."""
    posts: list[dict[str, Any]] = json.loads(request.body["messages"][1]["content"])["posts"]
    return posts


def is_sorting(request: RecordedRequest) -> bool:
    return "sort posts" in request.body["messages"][0]["content"]
