"""Setting up the log of a process: one handler on standard error, one formatter for all records, no password in it."""

import ctypes
import logging
import re
import resource
import sys
from types import TracebackType
from typing import Any, Final

import structlog
from pydantic import BaseModel
from structlog.typing import EventDict, Processor

from agents.observability.outages import OutageFilter
from agents.observability.tracing import add_error, as_text, first_line_of_asyncio, plain
from agents.settings.log_group import LogSettings
from agents.settings.settings import Settings, read_settings
from agents.settings.sources import environment, unknown_variables

log = logging.getLogger(__name__)

LIBRARIES: Final = ("aiohttp", "aiokafka", "asyncio", "faust", "kafka", "mode")
"""Below WARNING they tell what concerns their own makers, and aiokafka whole requests with records in them."""
FIRST: Final = ("time", "level", "process", "step", "worker", "event")

MASK: Final = "***"
SECRET: Final = re.compile(r"password|secret|token|credential", re.IGNORECASE)
PLACE: Final = re.compile(r"_file$")
"""Names of settings that say where a secret is."""
LOGIN: Final = re.compile(r"(\w+://[^/@\s:]*):[^@\s]*@")

PR_SET_DUMPABLE: Final = 4


def begin(process: str, **fields: str) -> Settings:
    """Set the log up, read the settings and write down what they are. Raise SettingsError, with the log set up.

    From here on the process leaves no core: its memory is about to hold passwords.
    """
    keep_memory_private()
    configure(process, LogSettings(), **fields)
    settings = read_settings()
    configure(process, settings.log, worker=settings.worker.name, **fields)
    _mistakes, doubts = unknown_variables(Settings, environment())
    for doubt in doubts:
        log.warning("%s; it has no effect", doubt)
    log.info("these settings hold", extra={"settings": effective(settings)})
    return settings


def keep_memory_private() -> None:
    """Leave no core when this process crashes, and on Linux let no other process of the same user look into it.

    The limit alone is not enough: a core that goes to a program, such as systemd's collector, knows no limit.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def effective(settings: BaseModel) -> dict[str, Any]:
    """Return all settings by group and field, masked."""
    return {name: masked(value, name) for name, value in settings.model_dump(mode="json").items()}


def masked(value: Any, name: str = "") -> Any:
    """Mask what is called a secret, and passwords in addresses, however deep."""
    match value:
        case dict():
            return {key: masked(each, str(key)) for key, each in value.items()}
        case list() | tuple():
            return [masked(each, name) for each in value]
        case str() if SECRET.search(name) and not PLACE.search(name):
            return MASK
        case str():
            return LOGIN.sub(rf"\1:{MASK}@", value)
    return value


def configure(process: str, settings: LogSettings | None = None, **fields: str) -> None:
    """Have every record of this process written in one form; `fields` are in every line, after the process's name."""
    settings = settings or LogSettings()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter({"process": process, **fields}, in_json=_in_json(settings)))
    handler.addFilter(OutageFilter())
    root = logging.getLogger()
    for former in root.handlers[:]:
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(settings.level)
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    sys.excepthook = _uncaught


def _in_json(settings: LogSettings) -> bool:
    return settings.format == "json" or (settings.format == "auto" and not sys.stderr.isatty())


def _formatter(fields: dict[str, str], *, in_json: bool) -> structlog.stdlib.ProcessorFormatter:
    def name_process(_logger: Any, _method: str, event: EventDict) -> EventDict:
        return {**fields, **event}

    chain: list[Processor] = [
        structlog.stdlib.ExtraAdder(),
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        first_line_of_asyncio,
        add_error,
        name_process,
    ]
    ending: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if in_json:
        ending += [_ordered, structlog.processors.JSONRenderer(serializer=plain)]
    else:
        ending += [as_text, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), timestamp_key="time")]
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=chain, processors=ending)


def _ordered(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Put what readers look for first, and the name of the logger last."""
    named = event.pop("logger", "")
    return {**{name: event[name] for name in FIRST if name in event}, **event, "logger": named}


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Write down, as any other incident, an error that no code caught."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    log.critical("ends: uncaught %s", kind.__name__, exc_info=(kind, error, trace), extra={"incident": "crash"})
