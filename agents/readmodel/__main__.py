"""`python -m agents.readmodel`: the projection in this process, as a supervisor starts it."""

from agents.readmodel.projection_process import run_projection

if __name__ == "__main__":
    run_projection()
