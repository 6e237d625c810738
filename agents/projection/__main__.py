"""`python -m agents.projection`: the projection in this process, as a supervisor starts it."""

from agents.projection.running import run_projection

if __name__ == "__main__":
    run_projection()
