"""The remarks of a report as sentences."""

from analyzer.frames import Language, ReadReport


def said(report: ReadReport, language: Language = "en") -> tuple[str, ...]:
    return tuple(remark.said(language) for remark in report.warnings)
