"""A cell after which a kernel has still something to say when it is told to end, just when that is hard to say."""

from __future__ import annotations

SPEAKS_LATE = """
import sys, threading, time

def make_late(speaker, threading=threading, time=time):  # keeps what it needs when all variables are dropped
    schedule = speaker.schedule

    def speak_slowly():
        time.sleep(0.3)
        speaker.io_loop.add_callback(time.sleep, 0.6)

    def schedule_late(function):
        is_waited_for = isinstance(getattr(function, "__self__", None), threading.Event)
        if is_waited_for and threading.current_thread().name == "Control":
            speaker.schedule = schedule
            speaker.io_loop.add_callback(speak_slowly)
            time.sleep(0.6)  # enough for the kernel to be told to end meanwhile
        schedule(function)

    speaker.schedule = schedule_late

make_late(sys.stdout.pub_thread)
sys.left_open = open("left.txt", "w")
sys.left_open.write("all of it")  # which is in the file when the process ends, but not if it is killed
"""
