"""Words that are never what a message is about."""

_STOP = """
a about above across after afterwards again against all almost alone along already also although always am among an
and another any are around as at back be became because become been before behind being below beside besides between
beyond both but by can cannot could did do does done down due during each either else enough etc even ever every
except few for former from further had has have he hence her here hers herself him himself his how however i if in
indeed into is it its itself least less many may me meanwhile might mine more moreover most mostly must my myself
namely neither never nevertheless no none nor not nothing now nowhere of off often on once one only onto or other
others otherwise our ours ourselves out over own per perhaps rather same she should since so some someone something
sometimes somewhere such than that the their them themselves then thence there therefore these they this those though
through throughout thus to together too toward towards under until up upon us very via was we were what whatever when
whenever where whereas wherever whether which while who whoever whole whom whose why will with within without would
yet you your yours yourself yourselves
"""
STOP_EN = frozenset(_STOP.split())
"""Function words."""

_EN = """
able absolutely actually add advice ago agree ah alright anybody anymore anyone anything anyway ask asked asking
aware away awesome bad basically begin beginning believe best better big bit bring bunch bye came care case chance
change check cheers come coming confused consider cool couple day days deal definitely despite did didn different
difficult do does doesn doing don done dont easy else end enjoy enjoying especially evening everybody everyone
everything exactly example excited explain fact feel feeling feels felt fine first follow free fun gave get gets
getting give given gives giving glad go goes going gone gonna good got gotten great guess guy guys had happen
happened happening happy hard hate have haven hear heard hello help helpful helps hey hi hope hour hours idea ideas
important improve interested interesting isn issue its just keep kind knew know known knows last late lately later
learn least left let lets like liked likely likes little live lol long look looking lot lots love loved loves made
maybe mean means mention mind minute minutes moment month months morning mr mrs much name need needed needs new next
nice night no nobody normal obviously of off often oh ok okay old once ones opinion option options ought particular
people person place please point possible pretty probably problem problems put question questions quick quickly
quite read real really reason recently recommend recommendation remember right said saw say saying says second see
seem seems seen sense set several share short show similar simple since small somebody somehow someone something
sometimes soon sorry sort start started starting starts still stop stuff suggest suggestion sure surely take taken
talk talking tell thank thanks that theres thing things think thinking thought time times tip tips today together
told tomorrow tonight took topic totally tried true truly try trying twice understand unfortunately usually useful
using various wait want wanted wants was wasn way ways week weeks weird went weren whatever whats while whole whose
will wish won wonder wondering word words worked worry would wouldn wow wrong yeah year years yep yes yesterday yet
"""
COMMON_EN = frozenset(_EN.split())
"""Besides those: what people write to each other whatever they talk about."""

_RU = """
благодарность близкий большой важный вариант вещь вид возможность вопрос время все второй выбор год дело день другой
завтра здравствовать идея интерес интересный какой каждый количество конец лучший любой любимый маленький мера месяц
место минута мир мнение много момент мочь мысль начало неделя немного новый нужный образ ответ первый плохой
подсказка помощь понять последний пример привет причина проблема простой пункт раз разговор рассказ рекомендация ряд
самый сегодня слово случай смысл совет спасибо способ способность старый столько сторона сутки такой тема тип точка
трудный угодно утро факт хороший целое цель час человек что-то что-нибудь штука этап
"""
COMMON_RU = frozenset(_RU.split())
"""Dictionary forms of nouns and adjectives, likewise; other kinds of words are told by their grammar."""
