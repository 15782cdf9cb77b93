"""Celery's consumer and worker, with the three behaviours we depend on changed."""

import signal
import threading
from types import FrameType
from typing import Any

import structlog
from celery.apps.worker import Worker as CeleryWorker
from celery.worker import state
from celery.worker.consumer import Consumer as CeleryConsumer

log = structlog.get_logger(__name__)


class Consumer(CeleryConsumer):
    """Poison goes to the dead-letter queue instead of being dropped, and losing the connection voids the runs."""

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
        super().on_connection_error_after_connected(exc)


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
        consumer = self.consumer
        hub = consumer.hub
        if consumer.task_consumer is not None:
            hub.call_soon(consumer.task_consumer.cancel)
        self.app.warren_worker.drain()
        # Acknowledgements of the last jobs pass through the hub too: give them a moment, a lost one only costs a query.
        hub.call_soon(hub.call_later, 0.2, _stop)


def _stop() -> None:
    state.should_stop = 0
