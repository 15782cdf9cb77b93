"""What the local engine says, in its two languages."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """Sentences with `{}` for what they are about."""

    greeting: str
    hello: str
    welcome: str
    about: str
    found: str
    quote: str
    watch: str
    nothing: str
    still: str
    honest: str
    fell_back: str


_EN = Wording(
    greeting="Hello!",
    hello="Hello! Tell me what is on your mind, and I will look for something to read on it.",
    welcome="You are welcome.",
    about="I find quotes, articles and videos on what you write about, and remember what you have read. Without a "
    "language model I cannot hold a real conversation. I know something about {themes}.",
    found="Here is something on {topic}.",
    quote="“{text}” — {author}, {source}",
    watch="To watch: {title}. Search for “{search}”.",
    nothing="I have nothing on that yet. I know something about {themes}.",
    still="We were on {topic}; here is more of it.",
    honest="(This was put together without a language model, from what is on the shelf.)",
    fell_back="The model is not available ({reason}); the local engine answered.",
)
_RU = Wording(
    greeting="Здравствуйте!",
    hello="Здравствуйте! Напишите, что вас занимает, и я поищу, что об этом почитать.",
    welcome="Пожалуйста.",
    about="Я нахожу цитаты, статьи и видео о том, о чём вы пишете, и помню, что вы уже прочли. Без языковой модели "
    "настоящего разговора не получится. Кое-что у меня есть на темы: {themes}.",
    found="Вот что есть на тему «{topic}».",
    quote="«{text}» — {author}, {source}",
    watch="Посмотреть: {title}. Ищите «{search}».",
    nothing="На эту тему у меня пока ничего нет. Кое-что есть на темы: {themes}.",
    still="Мы говорили на тему «{topic}», вот ещё о том же.",
    honest="(Это составлено без языковой модели, из того, что есть на полке.)",
    fell_back="Модель недоступна ({reason}), ответил местный движок.",
)


def wording(language: str) -> Wording:
    return _RU if language == "ru" else _EN
