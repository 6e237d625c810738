"""Checks of this machine: versions, rule files, the secret of the consignee keys, files of the gateway."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from stat import S_IROTH, S_IRWXO
from typing import Final

from agents.engine.app import check_versions
from agents.gateway.assembly import tls_context
from agents.gateway.http.tokens import TokenFileError, read_tokens
from agents.kafka.errors import RefusedError
from agents.observability.running_build import build_words
from agents.ops.doctor.finding import Finding, doubtful, refused, right, unknown, wrong
from agents.settings.settings import Settings
from agents.settings.sources import environment, unknown_variables
from state.rules import Rulebook, RulebookError, load_rulebook
from state.rules.rule_words import is_of, unread_since
from stream.consignee import SECRET_BYTES_MIN

SHOWN: Final = 3
"""Rules that a finding names; of more it says how many."""


def settings_findings(settings: Settings) -> Iterator[Finding]:
    """Report that the settings can be used, and variables that look like settings and have no effect."""
    yield right("settings", "all are accepted")
    for doubt in unknown_variables(type(settings), environment())[1]:
        yield doubtful("settings", f"{doubt.partition(':')[0]}; it has no effect", doubt.partition(": ")[2])


def versions(_settings: Settings) -> Iterator[Finding]:
    """Compare installed packages with the pinned ones, since we use private parts of some."""
    pinned = [each.partition("==")[::2] for each in requires("tallygate") or () if "==" in each]
    off = [f"{name} {_installed(name)}, not {wanted}" for name, wanted in pinned if _installed(name) != wanted]
    try:
        check_versions()
    except RefusedError as error:
        yield wrong("packages", str(error).partition(":")[0], "pip install --constraint constraints.txt tallygate")
        return
    if off:
        yield doubtful("packages", "; ".join(off), "pip install --constraint constraints.txt tallygate")
    else:
        ours = f"tallygate {version('tallygate')}, {build_words()}"
        yield right("packages", f"{ours}, {len(pinned)} packages as pinned")


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def rules(settings: Settings) -> Iterator[Finding]:
    """Read the rule files as a worker does."""
    try:
        rulebook = load_rulebook(settings.rules).with_programmes(settings.programmes, settings.default_programme)
    except RulebookError as error:
        yield wrong("rules", f"{error.file}: {error.entry}: {error.problem}", error.remedy)
        return
    yield right(
        "rules",
        f"rulebook {rulebook.id}, {len(settings.rules)} files beside the shipped ones; programmes "
        f"{', '.join(rulebook.programmes)}",
    )
    yield from unread(rulebook, settings.read_again_days, datetime.now(UTC).date())


def unread(rulebook: Rulebook, days: int, today: date) -> Iterator[Finding]:
    """Name the rules of the enabled programmes whose source was last read longer ago than so many days."""
    old = [
        entry
        for entry in unread_since(rulebook.data, today - timedelta(days))
        if any(is_of(entry, programme) for programme in rulebook.programmes)
    ]
    if old:
        named = ", ".join(entry.id for entry in old[:SHOWN]) + (f" and {len(old) - SHOWN} more" * (len(old) > SHOWN))
        says = f"the source of {named} was last read more than {days} days ago"
        yield doubtful("rules", says, "read it again; in a file of your own, write the day into `verified`")


def key_secret(settings: Settings) -> Iterator[Finding]:
    """Check the secret of the consignee keys: it exists, is long enough, and others cannot read it."""
    file, area = settings.key.secret_file, "key secret"
    if file is None:
        yield unknown(area, "TALLYGATE_KEY__SECRET_FILE is not set; workers and the gateway's headroom need it")
        return
    try:
        length = len(file.read_bytes().strip())
    except OSError as error:
        yield wrong(area, f"{file} cannot be read: {error.strerror}", "mend TALLYGATE_KEY__SECRET_FILE, or the rights")
        return
    if length < SECRET_BYTES_MIN:
        remedy = f"write at least {SECRET_BYTES_MIN} random bytes into it, such as openssl rand -hex 32; keep a copy"
        yield wrong(area, f"{file} has {length} bytes", remedy)
    else:
        yield from _closed(area, file, f"{file}, {length} bytes")


def secret_files(settings: Settings) -> Iterator[Finding]:
    """Check that others cannot read the password files."""
    files = {"kafka password": settings.kafka.password_file, "redis password": settings.redis.password_file}
    for area, file in files.items():
        if file is not None and file.exists():
            yield from _closed(area, file, str(file))


def _closed(area: str, file: Path, says: str) -> Iterator[Finding]:
    mode = file.stat().st_mode
    if mode & S_IRWXO:
        who = "everybody may read it" if mode & S_IROTH else "others may write or execute it"
        yield doubtful(area, f"{says}: {who}", f"chmod o= {file}")
    else:
        yield right(area, says)


def gateway_files(settings: Settings) -> Iterator[Finding]:
    """Check the gateway's tokens and certificate, if a tokens file is set."""
    file, area = settings.gateway.tokens_file, "gateway"
    if file is None:
        yield unknown(area, "TALLYGATE_GATEWAY__TOKENS_FILE is not set; only the gateway needs it")
        return
    try:
        tokens = read_tokens(file)
        tls_context(settings.gateway)
    except TokenFileError as error:
        yield wrong(area, str(error), "tallygate token create, and name its file in TALLYGATE_GATEWAY__TOKENS_FILE")
        return
    except RefusedError as error:
        yield refused(area, error)
        return
    living = sum(datetime.now(UTC) < token.expires for token in tokens)
    if not living:
        says = f"none of {len(tokens)} tokens is valid today: the gateway refuses everybody"
        yield wrong(area, says, "tallygate token create")
    else:
        yield from _closed(area, file, f"{living} of {len(tokens)} tokens are valid today")
