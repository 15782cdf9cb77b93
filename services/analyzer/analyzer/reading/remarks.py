"""What can be remarked on the way a file was read, in each language; braces stand for what is filled in."""

from typing import Final

from analyzer.frames import Remark

# Sentences

NO_MARK: Final = Remark(
    en="The file has no encoding mark; it was read as {encoding}.",
    ru="В файле нет метки кодировки; он прочитан как {encoding}.",
)
NOT_UTF8: Final = Remark(
    en="The file is not UTF-8; it was read as {encoding}.", ru="Файл не в UTF-8; он прочитан как {encoding}."
)
BROKEN_BYTES: Final = Remark(
    en="Some bytes are not {encoding}; they were read as the sign \ufffd.",
    ru="Некоторые байты не подходят к {encoding}; вместо них стоит знак \ufffd.",
)
OPEN_QUOTE: Final = Remark(
    en="A quotation mark at the top of the file is never closed, so that all were taken as text.",
    ru="Кавычка в начале файла не закрыта, поэтому все кавычки прочитаны как текст.",
)
ABOVE_HEADER: Final = Remark(
    en="Rows above the header were left out: {count}, beginning with {example}.",
    ru="Пропущены строки над заголовком: {count}, первая начинается с {example}.",
)
NO_HEADER: Final = Remark(
    en="The table has no header: its columns are named column_1, column_2 and so on.",
    ru="В таблице нет заголовка: столбцы названы column_1, column_2 и так далее.",
)
BLANK_ROWS: Final = Remark(
    en="Rows without any value were left out: {count}.", ru="Пропущены строки без единого значения: {count}."
)
NO_WORKBOOK: Final = Remark(
    en="{name} is no workbook: the sheet {sheet} was not looked for.",
    ru="{name} — не книга Excel: лист {sheet} не искали.",
)
OTHER_SHEETS: Final = Remark(
    en="Sheet {name} was read; the workbook also has {others}.",
    ru="Прочитан лист {name}; в книге есть и другие: {others}.",
)
INSIDE_JSON: Final = Remark(
    en="The rows were taken from {key} inside the JSON.", ru="Строки взяты из {key} внутри JSON."
)

# Heads of lists of examples

NUL: Final = Remark(en="NUL characters were left out", ru="Пропущены нулевые символы")
UNCLOSED: Final = Remark(
    en="Quotation marks that are never closed were taken as text", ru="Незакрытые кавычки прочитаны как текст"
)
TOO_FEW: Final = Remark(
    en="Lines with too few values were filled up with empty ones",
    ru="Строки, где значений не хватает, дополнены пустыми",
)
TOO_MANY: Final = Remark(en="Lines with too many values were cut", ru="Строки, где значений слишком много, обрезаны")
BROKEN_JSON: Final = Remark(en="Lines that are no JSON were left out", ru="Пропущены строки, которые не JSON")
UNNAMED: Final = Remark(en="Columns without a heading were named", ru="Столбцы без заголовка получили имена")
NAMED_TWICE: Final = Remark(en="Headings that occur twice were renamed", ru="Повторяющиеся заголовки переименованы")
MISSING: Final = Remark(en="Read as missing", ru="Прочитано как пропуск")
NO_QUANTITY: Final = Remark(
    en="Columns of digits were kept as text (digits that are no quantity)",
    ru="Столбцы из цифр оставлены текстом (цифры — не величина)",
)
LONG_DIGITS: Final = Remark(
    en="Columns of digits were kept as text (leading zeros or too many digits)",
    ru="Столбцы из цифр оставлены текстом (нули в начале или слишком много цифр)",
)
POINTS_THOUSANDS: Final = Remark(
    en="Points were read as thousands separators, as the file has decimal commas",
    ru="Точки прочитаны как разделители тысяч: в файле десятичные запятые",
)
POINTS_DECIMAL: Final = Remark(
    en="Points that could separate thousands were read as decimal points",
    ru="Точки, которые могли бы разделять тысячи, прочитаны как десятичные",
)
COMMAS_DECIMAL: Final = Remark(
    en="Commas that could be either were read as decimal commas",
    ru="Запятые, которые можно понять двояко, прочитаны как десятичные",
)
COMMAS_THOUSANDS: Final = Remark(
    en="Commas that could be either were read as thousands separators",
    ru="Запятые, которые можно понять двояко, прочитаны как разделители тысяч",
)
MIXED_DECIMALS: Final = Remark(
    en="Columns mix decimal points and commas", ru="В столбцах и десятичные точки, и запятые"
)
PERCENT: Final = Remark(
    en="Percent signs were taken off, so 12% is 12", ru="Знаки процента убраны, так что 12% — это 12"
)
UNITS: Final = Remark(en="Units were taken off numbers", ru="Единицы измерения при числах убраны")
SEVERAL_UNITS: Final = Remark(
    en="Columns with several units were kept as text", ru="Столбцы с разными единицами оставлены текстом"
)
WORDS: Final = Remark(en="Words among numbers were left out", ru="Пропущены слова среди чисел")
KEPT_AS_TEXT: Final = Remark(
    en="Columns of numbers were kept as text because of values like",
    ru="Столбцы чисел оставлены текстом из-за значений вроде",
)
DATES_OF_NUMBERS: Final = Remark(en="Numbers were read as dates", ru="Числа прочитаны как даты")
DAY_NUMBERS: Final = Remark(
    en="Day numbers of a spreadsheet were read as dates", ru="Номера дней из электронной таблицы прочитаны как даты"
)
NO_DATES: Final = Remark(en="Values that are no dates were left out", ru="Пропущены значения, которые не даты")
SEVERAL_WAYS: Final = Remark(
    en="Columns of dates are written in several ways", ru="Даты в столбцах записаны по-разному"
)
LOCAL_TIMES: Final = Remark(
    en="Time zones were left out, the times are local ones", ru="Часовые пояса опущены, время местное"
)
MIXED_ZONES: Final = Remark(
    en="Times with different time zones were converted to UTC", ru="Время из разных часовых поясов переведено в UTC"
)
UNKNOWN_ZONE: Final = Remark(
    en="Times whose zone is not known here are in UTC", ru="Время с неизвестным здесь часовым поясом дано в UTC"
)
MIXED_ORDERS: Final = Remark(
    en="Columns mix dates with the day and with the month first",
    ru="В столбцах есть даты и с днём, и с месяцем в начале",
)
DAY_FIRST: Final = Remark(
    en="Dates that could be either were read as day/month/year, not month/day/year",
    ru="Даты, которые можно понять двояко, прочитаны как день/месяц/год, а не месяц/день/год",
)
MONTH_FIRST: Final = Remark(
    en="Dates that could be either were read as month/day/year, not day/month/year",
    ru="Даты, которые можно понять двояко, прочитаны как месяц/день/год, а не день/месяц/год",
)
UNREADABLE: Final = Remark(en="Columns of unreadable values were left out", ru="Пропущены столбцы нечитаемых значений")
DURATIONS: Final = Remark(en="Durations were read as seconds", ru="Длительности прочитаны в секундах")

# Examples

NAME: Final = Remark(en="{name}", ru="{name}")
NAME_AND: Final = Remark(en="{name} ({detail})", ru="{name} ({detail})")
NAME_LIKE: Final = Remark(en="{name} (like {value})", ru="{name} (например, {value})")
RENAMED: Final = Remark(en="{name} to {new}", ru="{name} в {new}")
VALUE_IN: Final = Remark(en="{value} in {name}", ru="{value} в {name}")
VALUES_IN: Final = Remark(en="{value} in {name}, {count} in all", ru="{value} в {name}, всего {count}")
LINE: Final = Remark(en="line {line}", ru="строка {line}")
LINE_SHORT: Final = Remark(en="line {line} ({found} of {width})", ru="строка {line} ({found} из {width})")
LINE_LONG: Final = Remark(en="line {line} ({found} instead of {width})", ru="строка {line} ({found} вместо {width})")
MORE: Final = Remark(en=" and {count} more", ru=" и ещё {count}")
