"""The workers of a chaos run: each post keeps a worker, whatever happens to its process."""

import random
import signal
import time
from collections import Counter

from tests.chaos.scenario import Post
from tests.kafka.harness import KafkaHarness

RESTART_SECONDS = 0.5
LOOK_SECONDS = 0.05
STOPPER = "tests.toy.observers:StopsInTransaction"
DYER = "tests.toy.observers:DiesInTransaction"


class SupervisedWorkers:
    """Processes by post; `tally` counts what was done to them and how they ended."""

    def __init__(self, harness: KafkaHarness, posts: list[Post], dice: random.Random) -> None:
        """Start nothing yet."""
        self._harness = harness
        self._posts = posts
        self._dice = dice
        self._workers = {post: harness.worker(post.name, post.step) for post in posts[:0]}
        self._restart_at: dict[Post, float] = {}
        self._thaw_at: dict[Post, float] = {}
        self._traps: dict[Post, float] = {}
        self.tally: Counter[str] = Counter()

    def start(self, post: Post, **settings: str) -> None:
        """Start a worker on a post."""
        self._restart_at.pop(post, None)
        self._workers[post] = self._harness.worker(post.name, post.step, **dict(post.settings), **settings)

    def running(self) -> list[Post]:
        """Return the posts with a worker that runs and is not frozen."""
        return [post for post, worker in self._workers.items() if worker.alive and post not in self._thaw_at]

    def idle(self) -> list[Post]:
        """Return the posts that are meant to have no worker."""
        return [post for post in self._posts if post not in self._workers and post not in self._restart_at]

    def supervise(self) -> None:
        """Start what has died, thaw what is due, note what has frozen itself."""
        now = time.monotonic()
        for post, due in list(self._thaw_at.items()):
            if now >= due:
                del self._thaw_at[post]
                self._workers[post].signal(signal.SIGCONT)
        for post, worker in list(self._workers.items()):
            if not worker.alive:
                self.tally[f"ended with {worker.process.returncode}"] += 1
                del self._workers[post]
                self._restart_at[post] = now + RESTART_SECONDS
            elif post in self._traps and worker.frozen:
                self._thaw_at[post] = now + self._traps.pop(post)
                self.tally["frozen in mid-transaction"] += 1
        for post, due in list(self._restart_at.items()):
            if now >= due:
                self.start(post)

    def kill(self, post: Post) -> None:
        """Kill -9."""
        self._workers[post].process.kill()
        self._workers[post].process.wait()
        self._traps.pop(post, None)
        self.tally["kill -9"] += 1

    def freeze(self, post: Post, seconds: float) -> None:
        """SIGSTOP for some time."""
        self._workers[post].signal(signal.SIGSTOP)
        self._thaw_at[post] = time.monotonic() + seconds
        self.tally["frozen"] += 1

    def trap(self, post: Post, seconds: float) -> None:
        """Replace the worker by one that freezes itself in the middle of a transaction, for some time."""
        self.kill(post)
        self.start(post, observer=STOPPER, test_stop_after=str(self._dice.randint(3, 30)))
        self._traps[post] = seconds

    def doom(self, post: Post) -> None:
        """Replace the worker by one that kills itself in the middle of a transaction."""
        self.kill(post)
        self.start(post, observer=DYER, test_die_after=str(self._dice.randint(1, 30)))
        self.tally["doomed to die in mid-transaction"] += 1

    def leave(self, post: Post) -> None:
        """Stop in order; the post stays without a worker until one joins."""
        (status,) = self._end([post])
        self.tally[f"stopped in order with {status}"] += 1

    def stop_step(self, step: str) -> list[Post]:
        """Stop all workers of a step, and return the posts that had one; only the caller starts them again."""
        posts = [post for post in (*self._workers, *self._restart_at) if post.step == step]
        self._end([post for post in posts if post in self._workers])
        for post in posts:
            self._restart_at.pop(post, None)
        return posts

    def stop(self) -> None:
        """Stop all workers."""
        self._end(list(self._workers))

    def _end(self, posts: list[Post]) -> list[int]:
        """Stop the workers of these posts in order, thawing what is frozen or freezes itself meanwhile."""
        workers = [self._workers.pop(post) for post in posts]
        for post, worker in zip(posts, workers, strict=True):
            self._traps.pop(post, None)
            self._thaw_at.pop(post, None)
            if worker.alive:
                worker.process.terminate()
        while any(worker.alive for worker in workers):
            for worker in workers:
                worker.thaw()
            time.sleep(LOOK_SECONDS)
        return [worker.wait() for worker in workers]
