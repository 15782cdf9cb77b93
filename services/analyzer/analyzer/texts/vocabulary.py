"""How rich the vocabulary of a text is."""

WINDOW = 50


def richness(words: list[str]) -> float | None:
    """Moving-average type-token ratio, above 0 to 1; None without words.

    The mean share of distinct words in every window of 50, which the text's length does not move: M. Covington,
    J. McFall, "Cutting the Gordian Knot: The Moving-Average Type-Token Ratio (MATTR)", Journal of Quantitative
    Linguistics 17(2), 2010. A text shorter than a window is one window.
    """
    if not words:
        return None
    if len(words) <= WINDOW:
        return len(set(words)) / len(words)
    final = len(words) - WINDOW
    last: dict[str, int] = {}
    total = 0
    for place, word in enumerate(words):
        # It is new to those windows that hold it and begin behind where it was last.
        first = max(last.get(word, -1) + 1, place - WINDOW + 1)
        total += max(0, min(place, final) - first + 1)
        last[word] = place
    return total / (WINDOW * (final + 1))
