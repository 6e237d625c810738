"""The read model's connection, made from its settings."""

from agents.kafka.security import ca_checked, read_secret
from agents.readmodel.store import DAY_SECONDS, StoreSettings
from agents.settings.redis_group import REDIS, RedisSettings


def store_settings(redis: RedisSettings, prefix: str) -> StoreSettings:
    """Give what the read model connects with, under a topic prefix. Raises RefusedError where a file is no use."""
    password = None if redis.password_file is None else read_secret(f"{REDIS}PASSWORD_FILE", redis.password_file)
    ca_file = ca_checked(f"{REDIS}CA_FILE", redis.ca_file)
    return StoreSettings(redis.url, prefix, password, redis.keep_days * DAY_SECONDS, redis.changes, ca_file=ca_file)
