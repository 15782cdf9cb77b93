"""What the decisions about one draft share."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from analyzer.planner.errors import Unanswerable
from analyzer.planner.query import Aggregation, Bucket, Chart, Draft, End, Filter, Key, Measure, Operator
from analyzer.planner.read.rewrite import looks_like_total
from analyzer.planner.schema import Column, Schema

COUNT = Measure(None, "count")
"""The number of rows."""
_MAIN = ("revenue", "population", "quantity", "deaths", "price")
"""What "the largest" is about when nothing is said, best first."""
_SPANS: tuple[tuple[float, Bucket], ...] = ((5 * 365, "month"), (60, "day"), (2, "hour"), (0, "minute"))
"""Days from which a date column without a regular step is cut into such periods."""
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800, "month": 2.6e6, "quarter": 7.9e6,
            "year": 3.15e7}  # fmt: skip
MAX_POINTS = 3000
"""A line of more points than this is drawn by the next longer period."""


@dataclass
class Deciding:
    """A draft, the table, and the warnings collected so far."""

    draft: Draft
    schema: Schema
    warnings: list[str] = field(default_factory=list)

    def said(self, *tasks: str) -> bool:
        return any(task in self.draft.tasks for task in tasks)

    @property
    def measures(self) -> tuple[Measure, ...]:
        return self.draft.measures

    @property
    def names_anything(self) -> bool:
        """Whether the question names a column, value or period of the table."""
        draft = self.draft
        return bool(draft.measures or draft.keys or draft.subjects or draft.filters)

    @property
    def filters(self) -> tuple[Filter, ...]:
        """Conditions on rows; those on groups only count where there are groups."""
        return tuple(condition for condition in self.draft.filters if condition.aggregation is None)

    @property
    def having(self) -> tuple[Filter, ...]:
        return tuple(condition for condition in self.draft.filters if condition.aggregation is not None)

    def with_group_conditions(self) -> "Draft":
        """A limit no single row reaches ("regions with sales above a million") is one on totals."""
        groups = bool(self.categories() or self.draft.keys) and not self.draft.counting
        return replace(
            self.draft,
            filters=tuple(
                replace(condition, aggregation="sum") if groups and self._is_beyond(condition) else condition
                for condition in self.draft.filters
            ),
        )

    def with_selection(self) -> "Draft":
        """ "average health of the 10 richest countries": the adjective selects rows, the rest is computed of them."""
        selector, others = self.draft.selector, [item for item in self.measures if item.column != self.draft.selector]
        if selector is None or self.draft.limit is None or not any(item.aggregation for item in others):
            return self._with_selector_first()
        end: Operator = "lowest" if self.draft.end == "low" else "highest"
        chosen = Filter(selector, end, (self.draft.limit,))
        return replace(
            self.draft, measures=tuple(others), filters=(*self.draft.filters, chosen), limit=None, end=None,
            superlative=False, subjects=(),
        )  # fmt: skip

    def _with_selector_first(self) -> "Draft":
        """ "the health of the richest countries" is in order of income."""
        first = [item for item in self.measures if item.column == self.draft.selector]
        return replace(self.draft, measures=(*first, *(item for item in self.measures if item not in first)))

    def warn_of_totals(self) -> None:
        """A value like "All disasters" beside the disasters would be counted twice, or win every ranking."""
        conditions = {condition.column for condition in self.draft.filters}
        keys = {key.column for key in (*self.draft.keys, *self.draft.subjects)}
        added = any(item.column and self.default_aggregation(item) == "sum" for item in self.measures)
        for column in self.schema.columns:
            if column.name in conditions or not column.is_text or not self.measures:
                continue
            if column.name not in keys and not added:
                continue
            for value in column.profile.values:
                if column.profile.distinct > 2 and looks_like_total(value):
                    self.warnings.append(f"total_row|{column.name}|{value}")

    def _is_beyond(self, condition: Filter) -> bool:
        column = self.schema[condition.column]
        highest, value = column.profile.maximum, condition.values[0] if condition.values else None
        if not column.is_total or condition.operator not in ("gt", "ge") or not isinstance(highest, int | float):
            return False
        return isinstance(value, int | float) and value > highest

    @property
    def chart(self) -> Chart | None:
        """The chart asked for by name."""
        return None if self.draft.chart is None or self.draft.chart == "any" else self.draft.chart

    @property
    def wants_chart(self) -> bool:
        return self.draft.chart is not None and self.draft.chart != "none"

    def column(self, key: Key) -> Column:
        return self.schema[key.column]

    # Subjects

    def categories(self) -> list[Key]:
        """Subjects that name groups of rows, not single rows or moments."""
        return [
            key
            for key in self.draft.subjects
            if not self.column(key).is_time and not self.column(key).is_unique and not self.column(key).is_identifier
        ]

    def moments(self) -> list[Key]:
        return [key for key in self.draft.subjects if self.column(key).is_time]

    def labels(self) -> list[str]:
        """Columns that name single rows among the subjects."""
        return [
            key.column for key in self.draft.subjects if self.column(key).is_unique and not self.column(key).is_time
        ]

    # Time

    def time_key(self, bucket: Bucket | None = None) -> Key:
        """The time column, cut into `bucket` or into what its step and span suggest."""
        column = self.schema.time
        if column is None:
            raise Unanswerable("no_dates")
        if not column.is_date:
            return Key(column.name)
        return Key(column.name, bucket or self.natural(column))

    def natural(self, column: Column) -> Bucket:
        """The column's own step; a longer one where that would give too many points."""
        days = _days(column)
        if column.profile.step is None:
            return next(bucket for least, bucket in _SPANS if days >= least)
        steps = list(_SECONDS)
        for step in steps[steps.index(column.profile.step) :]:
            if days * 86400 / _SECONDS[step] <= MAX_POINTS:
                return step  # type: ignore[return-value]
        return "year"

    def is_row_per(self, key: Key) -> bool:
        """Whether each row is its own moment of this length: a date column's step, never twice the same."""
        column = self.column(key)
        return column.is_time and column.is_unique and key.bucket in (None, column.profile.step)

    # Measures

    def main_measure(self) -> Measure:
        """The number meant when none is named. Raises `Unanswerable` if none stands out."""
        measures = self.schema.measures
        chosen = measures[0] if len(measures) == 1 else self._main_by_concept()
        if chosen is None:
            raise Unanswerable("which_column")
        if len(measures) > 1:
            self.warnings.append(f"main|{chosen.name}")
        return Measure(chosen.name)

    @property
    def has_main_measure(self) -> bool:
        return len(self.schema.measures) == 1 or self._main_by_concept() is not None

    def _main_by_concept(self) -> Column | None:
        for concept in _MAIN:
            for column in self.schema.with_concept(concept):
                if column.is_measure:
                    return column
        return None

    def values_by(self, measures: tuple[Measure, ...], keys: tuple[Key, ...]) -> tuple[Measure, ...]:
        """Aggregated, unless each group is a single row anyway: then the values are taken as they are."""
        if len(measures) == 1 and len(keys) == 1 and self.is_row_per(keys[0]):
            measure = measures[0]
            if measure.aggregation in (None, "mean", "sum") and measure.column is not None and measure.operator is None:
                return (replace(measure, aggregation=None),)
        alone = len(keys) == 1 and self.is_row_per(keys[0])
        return self.aggregated(measures, "mean" if alone else None)

    def aggregated(self, measures: tuple[Measure, ...], default: Aggregation | None = None) -> tuple[Measure, ...]:
        """Every measure with an aggregation; those that said none get the fitting one.

        There is a warning where the column's name does not tell whether its values are to be added up.
        """
        done: list[Measure] = []
        for measure in measures:
            if measure.aggregation is not None or measure.column is None:
                done.append(self._percentile(measure))
                continue
            aggregation = default or self.default_aggregation(measure)
            if default is None and (measure.operator or not self.schema[measure.column].is_known):
                self.warnings.append(f"assumed|{aggregation}|{_name(measure)}")
            done.append(replace(measure, aggregation=aggregation))
        return tuple(dict.fromkeys(done))

    def default_aggregation(self, measure: Measure) -> Aggregation:
        column = self.schema[measure.column or ""]
        return "sum" if column.is_total and measure.operator is None else "mean"

    def _percentile(self, measure: Measure) -> Measure:
        if measure.aggregation != "percentile" or self.draft.percent is None:
            return measure
        return replace(measure, percent=self.draft.percent)

    def end(self, measure: Measure | None = None) -> End | None:
        """The end of the scale; "the worst" of deaths is the highest."""
        if self.draft.end is not None:
            return self.draft.end
        if self.draft.quality is not None:
            bad = measure is not None and measure.column is not None and self.schema[measure.column].is_bad
            return "high" if (self.draft.quality == "best") != bad else "low"
        if self.draft.order is not None:
            return "high" if self.draft.order == "descending" else "low"
        return None


def _name(measure: Measure) -> str:
    return f"{measure.column} {measure.operator} {measure.other}" if measure.operator else str(measure.column)


def _days(column: Column) -> float:
    low, high = (datetime.fromisoformat(str(value)) for value in (column.profile.minimum, column.profile.maximum))
    return (high - low).total_seconds() / 86400
