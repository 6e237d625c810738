"""`python -m agents.readmodel`: the projection in this process, for a supervisor to start."""

from agents.readmodel.projection_process import run_projection

if __name__ == "__main__":
    run_projection()
