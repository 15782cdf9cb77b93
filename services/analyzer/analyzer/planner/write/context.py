"""What all writers share: the query, the table, the language, the script so far; and names for what is computed."""

from collections.abc import Iterable
from dataclasses import dataclass

from analyzer.planner.lexicon import texts
from analyzer.planner.query import Filter, Key, Measure, Query
from analyzer.planner.schema import Column, Schema
from analyzer.planner.write.filters import condition_code, condition_words, needs_check
from analyzer.planner.write.script import Script, capital, fill, names, pieces, quote, text

WEEK = 7
DATE_FORMATS = {"year": "%Y", "quarter": "%Y-%m", "month": "%Y-%m", "week": "%Y-%m-%d", "day": "%Y-%m-%d"}


@dataclass
class Context:
    """Writers add to `script`; `rows` is the name of the frame they compute from."""

    query: Query
    schema: Schema
    language: str
    script: Script
    rows: str = "df"

    def say(self, key: str, **values: object) -> str:
        """A sentence or a part of one, as plain text."""
        return fill(texts(self.language)[key], **values)

    def literal(self, key: str, **values: object) -> str:
        """A sentence as Python source, with `Code` values computed when run."""
        template = texts(self.language)[key]
        return capital_literal(text(template, **values))  # type: ignore[arg-type]

    def named(self, column: str) -> str:
        """A column's name inside a sentence."""
        return self.say("named", name=column)

    def list_of(self, labels: list[str]) -> str:
        """A Python list of texts, on several lines if it is long."""
        if len(labels) <= WEEK:
            return names(labels)
        half = len(labels) // 2
        return f"[\n    {names(labels[:half])[1:-1]},\n    {names(labels[half:])[1:-1]},\n]"

    def names(self, key: str) -> list[str]:
        return texts(self.language)[key].split("|")

    def column(self, name: str) -> Column:
        return self.schema[name]

    # Words

    @property
    def scope(self) -> str:
        """The conditions in words, with a space before; empty without any."""
        if not self.query.filters:
            return ""
        return self.say("where", conditions=self.conditions)

    @property
    def conditions(self) -> str:
        """The conditions in words."""
        return self.join(condition_words(item, self) for item in self.query.filters)

    def join(self, words: Iterable[str], joint: str = "and") -> str:
        """ "a, b and c" """
        parts = list(words)
        if len(parts) < 2:
            return "".join(parts)
        return ", ".join(parts[:-1]) + f" {self.say(joint)} {parts[-1]}"

    def measure_words(self, measure: Measure) -> str:
        """ "mean temp_max" """
        if measure.aggregation is None:
            return self.column_words(measure)
        percent = f"{measure.percent:g}"
        return self.say(measure.aggregation, column=self.column_words(measure), percent=percent)

    def column_words(self, measure: Measure) -> str:
        if measure.column is None:
            return ""
        if measure.operator is not None and measure.other is not None:
            key = "ratio" if measure.operator == "/" else "difference"
            return self.say(key, a=self.named(measure.column), b=self.named(measure.other))
        if measure.bucket is not None:
            return self.say(f"bucket_{measure.bucket}")
        return self.named(measure.column)

    def axis_words(self, measure: Measure) -> str:
        """What the values are, as the label of an axis or of a column of the result."""
        if measure.column is None:
            return self.say("rows_axis")
        return self.column_words(measure) if measure.operator is not None else self.measure_words(measure)

    def key_words(self, key: Key) -> str:
        """ "month", or the column's name."""
        if key.bucket is None or self.column(key.column).name.lower() == self.say(f"bucket_{key.bucket}"):
            return key.column
        return self.say(f"bucket_{key.bucket}")

    def by_words(self, key: Key) -> str:
        """The key after the word "by": "month", "«Регион»"."""
        own = self.key_words(key)
        return self.named(own) if own == key.column else self.say(f"by_{key.bucket}")

    def title(self) -> str:
        """What is computed, by what, of which rows."""
        measures = self.join(self.transformed(self.measure_words(measure)) for measure in self.query.measures)
        words = measures
        if self.query.keys:
            words = self.say("by", measure=measures, keys=self.join(self.by_words(key) for key in self.query.keys))
        return words + self.scope

    def transformed(self, measure: str) -> str:
        transform = self.query.transform
        if transform in (None, "trend"):
            return measure
        column = self.column_words(self.query.measures[0]) or self.say("rows_axis")
        key = "share_of_count" if transform == "share" and self.query.measures[0].column is None else str(transform)
        return self.say(key, measure=measure, column=column, window=self.query.window)

    # Code

    def start(self, *, check: bool = True) -> bool:
        """Filters the rows. With `check`, and where nothing may be left, opens the else-branch of "nothing found".

        Returns whether an else-branch was opened.
        """
        filters = self.query.filters
        for condition in filters:
            self.script.use(condition.column)
        selections = [item for item in filters if item.operator in ("highest", "lowest")]
        filters = tuple(item for item in filters if item not in selections)
        if not filters:
            self._select(selections)
            return False
        conditions = [condition_code(item, "df", self.schema) for item in filters]
        joined = conditions[0] if len(conditions) == 1 else " & ".join(f"({part})" for part in conditions)
        if len(joined) > 90 and len(conditions) > 1:
            joined = "\n    " + "\n    & ".join(f"({part})" for part in conditions) + "\n"
        self.script.add(f"rows = df[{joined}]")
        self.rows = "rows"
        self._select(selections)
        if not check or not needs_check(filters):
            return False
        self.script.add("if rows.empty:")
        self.script.depth += 1
        self.script.add("result = rows", f"answer = {self.literal('nothing', scope=self.scope)}")
        self.script.depth -= 1
        self.script.add("else:")
        self.script.depth += 1
        return True

    def _select(self, selections: list[Filter]) -> None:
        """Keeps the rows with the highest or lowest values."""
        for item in selections:
            method = "nlargest" if item.operator == "highest" else "nsmallest"
            self.script.use(item.column)
            self.script.add(f"rows = {self.rows}.{method}({item.values[0]}, {quote(item.column)})")
            self.rows = "rows"

    def unless_empty(self, name: str) -> None:
        """Opens the else-branch of "nothing found" where a series may have come out empty."""
        self.script.add(f"if {name}.empty:")
        self.script.depth += 1
        self.answer("nothing", scope=self.scope)
        self.script.depth -= 1
        self.script.add("else:")
        self.script.depth += 1

    def values(self, name: str) -> str:
        """`rows["name"]`"""
        self.script.use(name)
        return f"{self.rows}[{quote(name)}]"

    def answer(self, key: str, **values: object) -> None:
        first, *rest = pieces(texts(self.language)[key], **values)  # type: ignore[arg-type]
        self.script.assign("answer", capital_literal(first), *rest)

    def date_format(self, name: str) -> str:
        """How moments of a date column are written: as exact as its step."""
        return DATE_FORMATS.get(self.column(name).profile.step or "day", "%Y-%m-%d %H:%M")


def capital_literal(source: str) -> str:
    """Makes the first letter of a quoted sentence a capital."""
    start = 2 if source.startswith("f") else 1
    return source[:start] + capital(source[start:])
