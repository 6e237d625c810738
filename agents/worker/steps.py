"""The two steps as settings describe them; workers, rebuild and demo make theirs here."""

from agents.kafka.errors import RefusedError
from agents.settings.enabled_rules import rulebook_of
from agents.settings.settings import Settings
from state.manifest.step import ManifestStep
from state.withholding import WithholdingStep
from stream.consignee import ConsigneeError, KeyMaker
from stream.decisions import Policy


def manifest_step(settings: Settings, partitions: int) -> ManifestStep:
    """Return the manifest step for topics of so many partitions. Raise RefusedError."""
    # Filing rules too are asked as they stood on that day, as `judge --as-of` does.
    rulebook = rulebook_of(settings).as_of(settings.policy.as_of)
    return ManifestStep(rulebook, key_maker_of(settings), partitions)


def withholding_step(settings: Settings, partitions: int) -> WithholdingStep:
    """Return the withholding step for topics of so many partitions. Raise RefusedError."""
    policy = Policy(**settings.policy.model_dump())
    shipments = settings.kafka.topics().shipments
    fingerprint = key_maker_of(settings).fingerprint
    return WithholdingStep(
        rulebook_of(settings), policy, settings.kafka.epoch, shipments, fingerprint, partitions=partitions
    )


def key_maker_of(settings: Settings) -> KeyMaker:
    """Return what makes the consignee keys. Raise RefusedError."""
    file = settings.key.secret_file
    if file is None:
        raise RefusedError(
            "no secret for consignee keys: put one into a file and name it in TALLYGATE_KEY__SECRET_FILE"
        )
    try:
        return KeyMaker(file.read_bytes().strip(), settings.key.match)
    except OSError as error:
        raise RefusedError(f"the secret of the consignee keys, {file}: {error.strerror}") from None
    except ConsigneeError as error:
        raise RefusedError(f"{file}: {error}") from None
