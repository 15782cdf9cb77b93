"""Sentences of ours that reach the user, in the language of the question."""

from typing import NamedTuple

from analyzer.frames import Language


class Wording(NamedTuple):
    """The sentences in one language; braces stand for what `str.format` fills in."""

    no_model: str
    model_failed: str
    failed: str
    cut_table: str
    see_tables: str
    see_plots: str
    file_gone: str


_ENGLISH = Wording(
    no_model="No language model is set up (WARREN_LLM_API_KEY), so the built-in planner answered.",
    model_failed="The language model could not be used ({reason}), so the built-in planner answered.",
    failed="None of the {attempts} attempts gave an answer. The last error: {error}",
    cut_table="Table “{title}” holds the first {shown} of {total} rows.",
    see_tables="The answer is in the table.",
    see_plots="The answer is in the chart.",
    file_gone="The file is no longer stored. Upload it again.",
)

_RUSSIAN = Wording(
    no_model="Языковая модель не настроена (WARREN_LLM_API_KEY), поэтому ответил встроенный планировщик.",
    model_failed="Языковая модель недоступна ({reason}), поэтому ответил встроенный планировщик.",
    failed="Ответа нет, попыток сделано: {attempts}. Последняя ошибка: {error}",
    cut_table="В таблице «{title}» показаны первые {shown} строк из {total}.",
    see_tables="Ответ в таблице.",
    see_plots="Ответ на графике.",
    file_gone="Файл больше не хранится. Загрузите его снова.",
)


def wording(language: Language) -> Wording:
    """The sentences in `language`."""
    return _RUSSIAN if language == "ru" else _ENGLISH
