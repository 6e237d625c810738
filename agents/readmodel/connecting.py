"""The read model's connection, made from its settings."""

from agents.kafka.security import ca_checked, read_secret
from agents.readmodel.store import DAY_SECONDS, StoreSettings
from agents.settings.connection_groups import REDIS, RedisSettings


def store_settings(redis: RedisSettings, prefix: str, least_days: int = 0) -> StoreSettings:
    """Return what the read model connects with, under a topic prefix. Raise RefusedError where a file is no use.

    Keys are kept for `least_days` at least, whatever the settings say.
    """
    password = None if redis.password_file is None else read_secret(f"{REDIS}PASSWORD_FILE", redis.password_file)
    ca_file = ca_checked(f"{REDIS}CA_FILE", redis.ca_file)
    kept_seconds = max(redis.keep_days, least_days) * DAY_SECONDS
    return StoreSettings(redis.url, prefix, password, kept_seconds, redis.changes, ca_file=ca_file)
