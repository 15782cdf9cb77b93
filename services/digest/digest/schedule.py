"""When bots are due: cron expressions in UTC, as Celery reads them."""

from datetime import UTC, datetime

from celery.schedules import crontab

from digest.errors import Refused


def parse(expression: str) -> crontab:
    """Minute, hour, day of the month, month, day of the week. Raises `bot.invalid`."""
    try:
        return crontab.from_string(expression)
    except (ValueError, TypeError) as error:
        message = f"{expression!r} is no cron expression like '0 7 * * *': {error}"
        raise Refused("bot.invalid", message[:300]) from None


def due(expression: str, minute: datetime) -> bool:
    """Whether the expression names this minute."""
    cron, at = parse(expression), minute.astimezone(UTC)
    return at.minute in cron.minute and at.hour in cron.hour and at.month in cron.month_of_year and _day_fits(cron, at)


def _day_fits(cron: crontab, at: datetime) -> bool:
    return at.day in cron.day_of_month and at.isoweekday() % 7 in cron.day_of_week
