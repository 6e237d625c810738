"""`tallygate projection`: carry decisions and alerts into the read model in Redis."""


def command() -> None:
    """Keep the read model in Redis: bills' decisions, consignee days, alerts, latest changes.

    Settings come from the environment, TALLYGATE_KAFKA__* and TALLYGATE_REDIS__*. Runs until SIGTERM or Ctrl-C. If
    Redis goes away or is emptied, it waits and fills Redis again. Exit code 78: it must not run as configured; 75:
    start it again.
    """
    from agents.projection.running import run_projection

    run_projection()
