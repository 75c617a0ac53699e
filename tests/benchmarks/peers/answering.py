"""How a peer's script answers: questions are lines of JSON on stdin, answers lines after the word ANSWER."""

import json
import sys
import time


def answer(questions):
    """Answer with the function of each question's name until stdin ends."""
    for line in sys.stdin:
        asked = json.loads(line)
        print("ANSWER " + json.dumps(questions[asked.pop("do")](**asked)), flush=True)


def seconds(action):
    """Return how long an action takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started
