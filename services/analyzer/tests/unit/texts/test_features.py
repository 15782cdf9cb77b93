"""Each feature on texts whose value can be told by hand."""

import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.texts import readability, repetition, rhyme, syllables, topics, vocabulary
from analyzer.texts.features import FeatureExtractor
from analyzer.texts.reading import LONGEST, read
from warren.contracts.texts import TextFeatures

from .samples import SONG, SONG_RU

WORD = "abcdefghijklmnopqrstuvwxyz"


@pytest.fixture(scope="module")
def extractor() -> FeatureExtractor:
    return FeatureExtractor()


def test_lines_and_verses_are_counted_without_blank_ones() -> None:
    text = read("\n\na b\nc\r\n\n \n\nd\n")
    assert (text.lines, text.verses) == (["a b", "c", "d"], [2, 1])


def test_a_song_is_described(extractor: FeatureExtractor) -> None:
    features = extractor.extract(SONG)
    assert (features.language, features.lines, features.verses) == ("en", 12, 4)
    assert features.repeated_lines == 0.25
    assert features.rhyme_density == pytest.approx(8 / 12, abs=1e-4)
    assert features.topics[0] == "carry"
    assert features.readability is not None
    assert 80 < features.readability < 120
    assert TextFeatures.model_validate_json(features.model_dump_json()) == features


def test_a_russian_song_is_described(extractor: FeatureExtractor) -> None:
    features = extractor.extract(SONG_RU)
    assert (features.language, features.verses, features.rhyme_density) == ("ru", 2, 1.0)
    assert features.readability is not None
    assert features.sentiment is None
    assert "тихий" in features.topics or "тихо" in features.topics


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Ich ging gestern allein am Fluss entlang und dachte an dich", "de"),
        ("Je marche seul dans les rues de la ville et je pense à toi", "fr"),
        ("سرت وحدي على ضفة النهر وأنا أفكر فيك", "ar"),
        ("12 34 !", None),
    ],
)
def test_other_languages_are_named_and_get_no_numbers_made_for_english(
    extractor: FeatureExtractor, text: str, language: str | None
) -> None:
    features = extractor.extract(text)
    assert features.language == language
    assert (features.readability, features.sentiment, features.rhyme_density) == (None, None, None)


def test_repeated_lines_ignore_case_and_signs() -> None:
    assert repetition.repeated_lines(read("La la!\nla LA\nlo\n😀\n😀")) == pytest.approx(2 / 5)
    assert repetition.repeated_lines(read("")) == 0


def test_what_repeats_compresses_better() -> None:
    varied = repetition.compressibility(read(SONG))
    assert 0 < varied < repetition.compressibility(read(SONG * 3)) < 1
    assert repetition.compressibility(read("x")) == 0


@pytest.mark.parametrize(
    ("one", "other", "rhyme_"),
    [
        ("night", "light", True),
        ("night", "bite", True),
        ("day", "they", True),
        ("rain", "lane", True),
        ("sea", "me", True),
        ("walking", "talking", True),
        ("walking", "singing", False),
        ("home", "car", False),
    ],
)
def test_english_rhymes(one: str, other: str, rhyme_: bool) -> None:
    assert (rhyme.english_key(one) == rhyme.english_key(other)) is rhyme_


@pytest.mark.parametrize(
    ("one", "other", "rhyme_"),
    [
        ("свет", "нет", True),
        ("вода", "никогда", True),
        ("друг", "звук", True),
        ("тень", "день", True),
        ("вода", "рука", False),
        ("дом", "свет", False),
    ],
)
def test_russian_rhymes(one: str, other: str, rhyme_: bool) -> None:
    assert (rhyme.russian_key(one) == rhyme.russian_key(other)) is rhyme_


def test_rhymes_are_heard_three_lines_away_in_one_verse_and_never_of_a_word_with_itself() -> None:
    assert rhyme.density(read("the night\na home\na home\nthe light"), "en") == 0.5
    assert rhyme.density(read("the night\na car\na dog\na fish\nthe light"), "en") == 0
    assert rhyme.density(read("the night\n\nthe light"), "en") == 0
    assert rhyme.density(read("the night"), "en") is None


def _windows(words: list[str]) -> float:
    size = min(vocabulary.WINDOW, len(words))
    windows = [words[start : start + size] for start in range(len(words) - size + 1)]
    return sum(len(set(window)) / size for window in windows) / len(windows)


@given(st.lists(st.sampled_from(WORD), min_size=1, max_size=130))
def test_richness_is_the_mean_over_all_windows(words: list[str]) -> None:
    assert vocabulary.richness(words) == pytest.approx(_windows(words))


def test_reading_ease_is_the_published_formula() -> None:
    english = read("The cat sat. The cat was happy.")
    assert readability.reading_ease(english, "en") == pytest.approx(206.835 - 1.015 * 7 / 2 - 84.6 * 8 / 7)
    russian = read("Мама мыла раму.")
    assert readability.reading_ease(russian, "ru") == pytest.approx(206.835 - 1.3 * 3 - 60.1 * 2)


@pytest.mark.parametrize(
    ("word", "count"), [("make", 1), ("table", 2), ("loved", 1), ("wanted", 2), ("the", 1), ("harbour", 2), ("hmm", 1)]
)
def test_english_syllables(word: str, count: int) -> None:
    assert syllables.english(word) == count


def test_sentiment_has_a_sign_and_negation_turns_it(extractor: FeatureExtractor) -> None:
    good, bad, turned = (
        extractor.extract(text).sentiment
        for text in (
            "I love this wonderful happy day and the people here",
            "I hate this terrible horrible day and the people here",
            "I do not love this day and the people that are here",
        )
    )
    assert good is not None
    assert bad is not None
    assert turned is not None
    assert good > 0.5
    assert bad < -0.5
    assert turned < 0


def test_keywords_count_forms_of_one_word_together() -> None:
    words = Counter({"the": 3, "river": 2, "rivers": 2, "lights": 1, "stone": 3})
    assert topics.keywords(words, "en") == ("river", "stone", "lights")
    assert topics.keywords(words, "xx") == ()


ODD = [
    "",
    " \n ",
    "word",
    "😀😀",
    "سلام",
    "\ud800",
    "a\udfff\ud800b",
    "\ud83d\ude00",
    "\x00\n\x85",
    "é" * 9,
    "123",
    "'",
    "в",
]


@pytest.mark.parametrize("text", ODD)
def test_odd_texts_are_described(extractor: FeatureExtractor, text: str) -> None:
    assert TextFeatures.model_validate_json(extractor.extract(text).model_dump_json()).characters == len(text)


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=400))
def test_any_text_is_described_within_its_ranges(text: str) -> None:
    features = EXTRACTOR.extract(text)
    shares = (
        features.repeated_lines,
        features.compressibility,
        features.rhyme_density,
        features.vocabulary_richness,
        features.language_confidence,
    )
    assert all(share is None or 0 <= share <= 1 for share in shares)
    assert features.sentiment is None or -1 <= features.sentiment <= 1
    assert features.verses <= features.lines


EXTRACTOR = FeatureExtractor()


@pytest.mark.parametrize("piece", ["a", "ab ", "la\n", "ы", "a.", "😀", "\n", "a'", "\u0301", "the night\n"])
def test_five_megabytes_take_bounded_time(piece: str) -> None:
    text = piece * (5_000_000 // len(piece))
    started = time.process_time()
    features = EXTRACTOR.extract(text)
    assert time.process_time() - started < 3
    assert features.truncated
    assert features.characters == len(text) > LONGEST
