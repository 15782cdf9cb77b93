"""A follow-up ("now by year", "only for AAPL", "as a bar chart") changes the draft of the question before it."""

from dataclasses import replace

from analyzer.planner.query import Draft, End, Filter, Key, Measure
from analyzer.planner.schema import Schema

_SHAPING = ("compare", "list", "sort", "first", "last")
"""Task words that do not make a question complete by themselves."""
_TABLE = ("overview", "rows", "columns", "missing", "duplicates", "matrix", "head", "tail")
"""Task words that need nothing else."""


def is_followup(draft: Draft) -> bool:
    """Whether the question only makes sense after another one."""
    if draft.followup in ("now", "same", "about", "only", "all", "also"):
        return True
    return not _is_complete(draft) or (draft.followup == "and" and _only_measures(draft)) or _only_selects(draft)


def merge(before: Draft, now: Draft, schema: Schema) -> Draft:
    """The earlier draft with what the later one says in the place of what it said of the same thing."""
    if _asks_for_best(before, now):
        now = replace(now, end=now.extreme or before.extreme, aggregations=(), limit=now.limit or 1)
        before = replace(before, measures=_without_extremes(before.measures) if "when" in now.asks else before.measures)
    keys = _keys(before, now, schema)
    subjects = () if now.keys else before.subjects
    return replace(
        before,
        tasks=_tasks(before, now),
        measures=_measures(before, now),
        aggregations=now.aggregations if not before.measures else (),
        extreme=now.extreme or before.extreme,
        superlative=now.superlative or before.superlative,
        selector=now.selector or (before.selector if not now.measures else None),
        keys=keys,
        subjects=subjects if not now.subjects or _turns_into_keys(before, now) else now.subjects,
        filters=_filters(before, now),
        end=now.end or _end(before, now),
        quality=now.quality or before.quality,
        limit=now.limit or before.limit,
        percent=now.percent or before.percent,
        window=now.window or before.window,
        order=now.order or before.order,
        chart=now.chart or before.chart,
        asks=() if now.keys else now.asks if "when" in now.asks else before.asks,
        counting=(before.counting or now.counting) and not (now.measures or now.aggregations),
        usually=now.usually or before.usually,
        followup=before.followup,
        unknown=now.unknown,
        warnings=(*before.warnings, *now.warnings),
    )


def _only_measures(draft: Draft) -> bool:
    """ "and of temp_max": another column for the same thing."""
    told = draft.aggregations or draft.tasks or draft.subjects or draft.keys or draft.counting or draft.chart
    return bool(draft.measures) and not told and all(measure.aggregation is None for measure in draft.measures)


def _only_selects(draft: Draft) -> bool:
    """ "coldest", after "the 5 hottest days"."""
    told = draft.subjects or draft.keys or draft.filters or draft.asks or draft.limit or draft.tasks or draft.thing
    return draft.selector is not None and not told


def _asks_for_best(before: Draft, now: Draft) -> bool:
    """ "which one is the highest?", or after a maximum "when was it?"."""
    if "when" in now.asks and not now.measures and not now.filters:
        return before.extreme is not None or now.extreme is not None
    return "which" in now.asks and not now.measures and not now.subjects and (now.extreme or now.quality) is not None


def _without_extremes(measures: tuple[Measure, ...]) -> tuple[Measure, ...]:
    return tuple(replace(item, aggregation=None) if item.aggregation in ("max", "min") else item for item in measures)


def _turns_ranking(before: Draft, now: Draft) -> bool:
    """ "and the smallest?" after "the 5 largest" is the other end of the same ranking."""
    return before.end is not None and now.extreme is not None and set(now.aggregations) <= {"max", "min"}


def _end(before: Draft, now: Draft) -> End | None:
    if _turns_ranking(before, now):
        return now.extreme
    return None if now.aggregations else before.end


def _is_complete(draft: Draft) -> bool:
    """Has something to compute: a measure, a count, a task; not only a group, a filter or a chart."""
    if draft.measures or draft.counting or set(draft.tasks) & set(_TABLE):
        return True
    told = draft.end or draft.filters or draft.chart or draft.asks or draft.tasks
    return bool(draft.subjects and told) or bool("share" in draft.tasks and draft.filters)


def _tasks(before: Draft, now: Draft) -> tuple[str, ...]:
    """A new task replaces the old one; new keys end a mere "over time"."""
    new = tuple(task for task in now.tasks if task not in _SHAPING)
    if new:
        return new
    shaping = ("sort",) if "sort" in now.tasks else ()
    kept = tuple(task for task in before.tasks if not (task == "trend" and now.chart in ("bar", "pie")))
    return (*kept, *shaping)


def _measures(before: Draft, now: Draft) -> tuple[Measure, ...]:
    if now.measures and any(measure.aggregation for measure in now.measures):
        return (*before.measures, *now.measures) if now.followup == "also" else now.measures
    if now.measures:
        aggregations = tuple(dict.fromkeys(measure.aggregation for measure in before.measures)) or (None,)
        new = tuple(replace(measure, aggregation=name) for measure in now.measures for name in aggregations)
        return (*before.measures, *new) if now.followup == "also" else new
    if now.aggregations and not _turns_ranking(before, now):
        columns = tuple(dict.fromkeys(replace(measure, aggregation=None) for measure in before.measures))
        return tuple(replace(measure, aggregation=name) for measure in columns for name in now.aggregations)
    if now.counting:
        return ()
    return before.measures


def _keys(before: Draft, now: Draft, schema: Schema) -> tuple[Key, ...]:
    """Time replaces time and categories replace categories; "and by" adds."""
    new = now.keys
    if not new and now.subjects and _turns_into_keys(before, now):
        new = now.subjects
    if not new and "compare" in now.tasks and now.filters:
        new = tuple(
            _told_apart(condition, schema) for condition in now.filters if condition.operator in ("in", "during")
        )
    if not new:
        return before.keys
    if now.followup in ("and", "also"):
        return tuple(dict.fromkeys((*before.keys, *new)))
    times = any(schema[key.column].is_time for key in new)
    categories = any(not schema[key.column].is_time for key in new)
    kept = tuple(
        key
        for key in before.keys
        if (schema[key.column].is_time and not times) or (not schema[key.column].is_time and not categories)
    )
    time_first = sorted((*kept, *new), key=lambda key: not schema[key.column].is_time)
    return tuple(dict.fromkeys(time_first))


def _told_apart(condition: Filter, schema: Schema) -> Key:
    """ "compare with 2006": each of the values by itself."""
    return Key(condition.column, "year" if schema[condition.column].is_date else None)


def _turns_into_keys(before: Draft, now: Draft) -> bool:
    """ "what about departments" after "by region"."""
    return bool(before.keys) and not now.keys and bool(now.subjects) and not now.filters


def _filters(before: Draft, now: Draft) -> tuple[Filter, ...]:
    """A condition replaces the earlier one on the same column, or with "too" joins it; "for all" takes them away."""
    if now.followup == "all":
        named = {key.column for key in (*now.subjects, *now.keys)}
        return tuple(condition for condition in before.filters if named and condition.column not in named)
    if now.followup == "also" or "compare" in now.tasks:
        return _joined(before, now)
    columns = {condition.column for condition in now.filters}
    kept = tuple(condition for condition in before.filters if condition.column not in columns)
    return (*kept, *now.filters)


def _joined(before: Draft, now: Draft) -> tuple[Filter, ...]:
    """Alternatives of the same column together, everything else beside."""
    done = list(before.filters)
    for new in now.filters:
        same = [item for item in done if (item.column, item.operator) == (new.column, new.operator)]
        if same and new.operator in ("in", "during", "like"):
            values = tuple(dict.fromkeys(same[0].values + new.values))
            done[done.index(same[0])] = replace(same[0], values=values, said=same[0].said + new.said)
        else:
            done.append(new)
    return tuple(done)
