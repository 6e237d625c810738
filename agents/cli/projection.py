"""`tallygate projection`: carry decisions and alerts into the read model in Redis."""


def command() -> None:
    """Keep the read model in Redis: bills' decisions, consignee days, alerts, latest changes.

    Settings come from the environment, TALLYGATE_KAFKA__* and TALLYGATE_REDIS__*. Runs until SIGTERM or Ctrl-C. Redis
    may go away or be emptied at any time: it waits, and fills it again. Exit code 78: not as configured; 75: try again.
    """
    from agents.projection.running import run_projection

    run_projection()
