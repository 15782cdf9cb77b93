"""Celery's consumer and worker, with the behaviours we depend on changed."""

import signal
import threading
import warnings
from types import FrameType
from typing import Any

import structlog
from celery.apps.worker import Worker as CeleryWorker
from celery.exceptions import CPendingDeprecationWarning
from celery.worker import state
from celery.worker.consumer import Consumer as CeleryConsumer
from kombu.common import ignore_errors

log = structlog.get_logger(__name__)

EXIT_OK = 0


RETRY_INTERVALS = {"interval_start": 0.2, "interval_step": 0.4, "interval_max": 2.0}
"""Seconds between attempts to reach RabbitMQ. Celery goes up to 30, which is how late it would notice its return."""


class Consumer(CeleryConsumer):
    """Poison goes to the dead-letter queue instead of being dropped, and losing the connection voids the runs."""

    class Blueprint(CeleryConsumer.Blueprint):
        """Without the step that makes the delay exchanges: a worker may not, and `warren topology declare` has."""

        default_steps = tuple(
            step for step in CeleryConsumer.Blueprint.default_steps if not step.endswith(":DelayedDelivery")
        )

    _consuming_over: Any = None

    @property
    def consuming(self) -> bool:
        """Whether RabbitMQ has taken this worker as a consumer, over a connection that still stands."""
        return self.connection is not None and self.connection is self._consuming_over and self.connection.connected

    def on_ready(self) -> None:
        # Not sooner: Celery makes its consumers before it asks RabbitMQ for messages.
        self._consuming_over = self.connection
        super().on_ready()

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Any:
        handle = super().create_task_handler(*args, **kwargs)

        def receive(message: Any) -> None:
            # Celery decodes in the pool, where a failure acknowledges the message: look at it while it can be refused.
            try:
                _, arguments, _ = message.decode()
                if not isinstance(arguments, dict):
                    raise TypeError("keyword arguments are missing")
            except Exception as error:  # noqa: BLE001  whatever a broken message raises, it must be moved aside
                self.on_decode_error(message, error)
                return
            handle(message)

        return receive

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        log.error("message_unreadable", error=str(exc), message_id=message.properties.get("message_id"))
        message.reject_log_error(log, self.connection_errors)

    def on_unknown_task(self, body: Any, message: Any, exc: Exception) -> None:  # noqa: ARG002  the signature is Celery's
        log.error("job_kind_unknown", kind=message.headers.get("task"), job_id=message.headers.get("id"))
        message.reject_log_error(log, self.connection_errors)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        log.warning("worker_connection_lost", error=str(exc))
        self.app.warren_worker.connection_lost()
        with warnings.catch_warnings():
            # It advises to let Celery cancel the tasks, which this pool cannot.
            warnings.simplefilter("ignore", CPendingDeprecationWarning)
            super().on_connection_error_after_connected(exc)

    def register_with_event_loop(self, hub: Any) -> None:
        super().register_with_event_loop(hub)
        hub.call_repeatedly(1.0, self.app.warren_worker.consumer_moved)

    def ensure_connected(self, conn: Any) -> Any:
        def failed(error: Exception, seconds: float) -> None:
            log.warning("worker_broker_unavailable", error=str(error), retry_seconds=seconds)

        def between() -> None:
            self.app.warren_worker.consumer_moved()
            state.maybe_shutdown()

        conn.ensure_connection(failed, callback=between, **RETRY_INTERVALS)
        self.first_connection_attempt = False
        return conn


class Worker(CeleryWorker):
    """A worker whose SIGTERM and SIGINT let jobs finish, then hand back the rest, then stop it."""

    def install_platform_tweaks(self, worker: Any) -> None:  # noqa: ARG002  the signature is Celery's
        stopping = threading.Event()

        def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
            if not stopping.is_set():
                stopping.set()
                threading.Thread(target=self._drain, name="drain", daemon=True).start()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)

    def _drain(self) -> None:
        log.info("worker_stopping")
        hub, consumer = getattr(self, "hub", None), getattr(self, "consumer", None)
        if hub is not None:
            hub.call_soon(_take_nothing_new, consumer)
        self.app.warren_worker.drain()
        # Celery's loop looks at this, also while it waits for RabbitMQ. What the last jobs acknowledge is sent before
        # the connection closes.
        state.should_stop = EXIT_OK
        if hub is not None:
            hub.call_soon(_wake)


def _take_nothing_new(consumer: Any) -> None:
    if consumer is not None and consumer.task_consumer is not None and consumer.connection is not None:
        ignore_errors(consumer.connection, consumer.task_consumer.cancel)


def _wake() -> None:
    """Being called at all makes the hub look around."""
