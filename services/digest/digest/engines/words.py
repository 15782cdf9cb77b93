"""Words as the local engine compares them: without endings, without those that every text has. English and Russian."""

import re

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from digest.stems import stem

_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")

_RUSSIAN_STOP_WORDS = frozenset(
    _WORD.findall(
        """
    и в во не что он на я с со как а то все она так его но да ты к у же вы за бы по только ее её мне было вот от
    меня еще ещё нет о из ему теперь когда даже ну вдруг ли если уже или ни быть был него до вас нибудь опять уж
    вам ведь там потом себя ничего ей может они тут где есть надо ней для мы тебя их чем была сам чтоб без будто
    чего раз тоже себе под будет ж тогда кто этот того потому этого какой совсем ним здесь этом один почти мой тем
    чтобы нее сейчас были куда зачем всех никогда можно при наконец два об другой хоть после над больше тот через
    эти нас про всего них какая много разве три эту моя впрочем свою этой перед иногда лучше чуть том нельзя такой
    им более всегда конечно всю между это также который которая которые свой своей
        """
    )
)
_OWN_STOP_WORDS = frozenset(
    _WORD.findall(
        """
    new said say says monday tuesday wednesday thursday friday saturday sunday today yesterday week month year
    years day time news report reports reported according reuters ap afp people post posts category categories
        """
    )
)
STOP_WORDS = ENGLISH_STOP_WORDS | _RUSSIAN_STOP_WORDS | _OWN_STOP_WORDS


def tokens(text: str) -> list[str]:
    """Stems in the order of the text."""
    found = (word.strip("'’-").removesuffix("'s").removesuffix("’s") for word in _WORD.findall(text.casefold()))
    return [stem(word) for word in found if len(word) > 1 and word not in STOP_WORDS]
