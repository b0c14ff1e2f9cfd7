#!/usr/bin/python3
"""A random walk: two companies, edits on both sides, runs that are killed, and what must hold after each.

    run.py [--galway PATH] [--killer PATH] [--seed S] [--rounds N] [-j N] [--keep FOLDER] [--thorough]

A walk of at most LENGTH rounds has one seed; N rounds are walks of the seeds S, S + 1, ... A divergence names its seed
and its round: "--seed SEED --rounds ROUND" goes there again.
"""
import argparse
import concurrent.futures
import os
import pathlib
import shutil
import sys
import tempfile

from walk import Divergence, Walk

LENGTH = 50


def walk(seed, rounds, options):
    """(rounds, kills, what is wrong or None)"""
    parent = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="galway-walk-", dir=parent) as work:
        steps = Walk(seed, pathlib.Path(work), options)
        try:
            for _ in range(rounds):
                steps.round()
        except Divergence as e:
            kept = pathlib.Path(options.keep) / f"galway-walk-{seed}"
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(work, kept)
            return steps.n, steps.kills, "\n".join((
                f"seed {seed}, round {steps.n}, kept in {kept}: {e}", *steps.history[-12:]))
        return steps.n, steps.kills, None


def main():
    build = pathlib.Path(__file__).resolve().parents[2] / "build" / "debug"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--galway", default=str(build / "galway"))
    parser.add_argument("--killer", default=str(build / "tests" / "libkiller.so"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--keep", default=tempfile.gettempdir())
    parser.add_argument("--thorough", action="store_true", help="compare every object after each round: a divergence is met earlier")
    parser.add_argument("-j", type=int, default=2)
    options = parser.parse_args()
    lengths = [LENGTH] * (options.rounds // LENGTH) + [options.rounds % LENGTH] * (options.rounds % LENGTH > 0)
    rounds = kills = divergences = 0
    with concurrent.futures.ProcessPoolExecutor(options.j) as pool:
        seeds = range(options.seed, options.seed + len(lengths))
        for n, k, wrong in pool.map(walk, seeds, lengths, [options] * len(lengths)):
            rounds, kills, divergences = rounds + n, kills + k, divergences + (wrong is not None)
            if wrong:
                print(wrong, flush=True)
    print(f"walk: {rounds} rounds, {kills} kills, {divergences} divergences")
    return 1 if divergences else 0


if __name__ == "__main__":
    sys.exit(main())
