#!/usr/bin/env python3
"""Progress and colour, byte by byte on a pseudo terminal, and as tmux shows them.   screen.py GALWAY"""
import fcntl
import os
import pathlib
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time

import pair

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import faults  # noqa: E402
from faults import expect  # noqa: E402

GALWAY = os.path.realpath(sys.argv[1])
PROGRAM = pathlib.Path(GALWAY).read_bytes()
PEOPLE = 3000 if b"__asan_init" in PROGRAM or b"__tsan_init" in PROGRAM else 40000  # some seconds


def on_terminal(args, columns=80, messages=True, **environment):
    """What the program writes to a terminal of that width: stdout, and stderr unless it goes elsewhere."""
    keeper, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    env = {**os.environ, "TERM": "xterm", **environment}
    if "NO_COLOR" not in environment:
        env.pop("NO_COLOR", None)
    run = subprocess.Popen([GALWAY, *map(str, args)], stdin=subprocess.DEVNULL, stdout=terminal,
                           stderr=terminal if messages else subprocess.DEVNULL, env=env)
    os.close(terminal)
    data = b""
    try:
        while more := os.read(keeper, 65536):
            data += more
    except OSError:
        pass
    os.close(keeper)
    return run.wait(), data.decode(errors="surrogateescape")


def drawn(data):
    """The progress lines, each as it stood alone on its line."""
    return [text.rstrip() for text in re.findall(r"\r(abc-to-xyz?:?[^\r\n(]*)(?=\r)", data)]


def test_drawn(work):
    conf = pair.make(work, PEOPLE)
    code, data = on_terminal(["-c", conf, "sync"])
    lines = drawn(data)
    expect("it ends well", code == 0, data[-500:])
    for phase in (r"reading: source \d+, target \d+", rf"planning: \d+ of {PEOPLE}", rf"writing: \d+ of {PEOPLE}"):
        expect(f"drawn: {phase}", any(re.fullmatch(rf"abc-to-xyz: {phase}(; [\d.]+/s.*)?", line) for line in lines), lines)
    counts = [int(m[1]) for m in (re.search(r"planning: (\d+)", line) for line in lines) if m]
    expect("more and more", counts == sorted(counts) and len(set(counts)) > 1, lines)
    left = [part.split("\r")[-1] for part in data.replace("\r\n", "\n").split("\n")]
    expect("nothing of it is left", len(left) == 3 and left[0] == f"abc-to-xyz (full): {PEOPLE} read, {PEOPLE} added" and
           left[1].startswith("  in everybody's address book by ") and left[2] == "", data[-300:])
    expect("no messages beside it", "galway: flow" not in data, data)
    expect("how many are expected is known the next time", any(
        f"of about {PEOPLE}" in line for line in drawn(on_terminal(["-c", conf, "sync", "--full"])[1])))
    expect("plain characters only", "\x1b" not in on_terminal(["-c", conf, "sync", "--full"], NO_COLOR="1")[1])

    narrow = drawn(on_terminal(["-c", conf, "sync", "--full"], columns=20)[1])
    expect("a narrow terminal", narrow and all(len(line) <= 19 for line in narrow), narrow)
    for what, args, environment in (("-q", ["-q"], {}), ("JSON", ["--log-format", "json"], {}), ("a dumb terminal", [], {"TERM": "dumb"})):
        _, data = on_terminal([*args, "-c", conf, "sync", "--full"], **environment)
        expect(f"{what}: nothing is drawn", not drawn(data), data)
    # Something else is written to the terminal, and the line gives way.
    text = conf.read_text().replace("flow ", "report { mail-to = a@b.example mail-from = a@b.example smtp = \"smtp://127.0.0.1:1\" "
                                             "when = always starttls = false }\nflow ")
    conf.write_text(text)
    data = on_terminal(["-c", conf, "sync"])[1]
    expect("a message has a line of its own", re.search(r"(^|[\r\n])galway: warning: report: no mail", data), data)


def test_elsewhere(work):
    conf = pair.make(work)
    done = subprocess.run([GALWAY, "-c", conf, "sync"], capture_output=True, text=True)
    expect("one message for each phase", re.fullmatch(
        r"galway: flow abc-to-xyz: read 5 of the source, 1 of the target in \d+\.\d s\n"
        r"galway: flow abc-to-xyz: planned 5 in \d+\.\d s\ngalway: flow abc-to-xyz: wrote 5 in \d+\.\d s\n", done.stderr), done.stderr)
    expect("plain", "\x1b" not in done.stdout and "\r" not in done.stderr + done.stdout, done)
    done = subprocess.run([GALWAY, "-q", "-c", conf, "sync", "--full"], capture_output=True, text=True)
    expect("-q: nothing", done.stdout + done.stderr == "", done)


def test_colour(work):
    conf = pair.make(work, hostile=True)
    code, coloured = on_terminal(["-c", conf, "diff"], messages=False)
    expect("diff", code == 1 and "\x1b[32m" in coloured and "\x1b[0m" in coloured, coloured)
    plain = on_terminal(["-c", conf, "diff"], messages=False, NO_COLOR="1")[1]
    expect("NO_COLOR", "\x1b" not in plain, plain)
    pipe = subprocess.run([GALWAY, "-c", conf, "diff"], capture_output=True, text=True).stdout
    expect("a pipe", "\x1b" not in pipe)
    expect("only colours", set(re.findall(r"\x1b[^m]*.", coloured)) <= {f"\x1b[{n}m" for n in (0, 2, 31, 32, 33, 35, 36)}, coloured)
    expect("the same but for colours", re.sub(r"\x1b\[\d+m", "", coloured).replace("\r\n", "\n") == pipe, coloured)
    expect("NO_COLOR: the same", plain.replace("\r\n", "\n") == pipe, plain)
    expect("a name is text", "\\x1b[2J" in pipe and "\u202e" not in pipe + coloured and "\x07" not in coloured, pipe)


def test_tmux(work):
    """As a person sees it: nothing wraps, nothing is left over, a hostile name neither clears nor titles the window."""
    if not shutil.which("tmux"):
        print("terminal: tmux is not there")
        return
    conf, tmux = pair.make(work, PEOPLE), ["tmux", "-L", f"galway-{os.getpid()}", "-f", "/dev/null"]
    subprocess.run([*tmux, "new-session", "-d", "-x", "70", "-y", "40", "-n", "mine",
                    f"env -u NO_COLOR {GALWAY} -c {conf} sync; echo 'ended '$?; {GALWAY} -c {pair.make(work, hostile=True)} diff; sleep 60"], check=True)
    try:
        seen = []
        for _ in range(600):
            screen = subprocess.run([*tmux, "capture-pane", "-p", "-e"], capture_output=True, text=True).stdout
            if screen != (seen or [""])[-1]:
                seen.append(screen)
            if "5 read" in screen:
                break
            time.sleep(0.05)
        title = subprocess.run([*tmux, "display-message", "-p", "#{pane_title}"], capture_output=True, text=True).stdout
    finally:
        subprocess.run([*tmux, "kill-server"], check=True)
    over = next(i for i, screen in enumerate(seen) if "ended" in screen or "+ " in screen or "(full)" in screen)
    first = [screen.split("\n") for screen in seen[:over] if screen.strip()]
    odd = [lines for lines in first if "".join(lines[1:]).strip() or
           not re.fullmatch(r"abc-to-xyz: (reading|planning|writing): .*|", lines[0])]
    expect("progress is seen, on one line", first and not odd, odd)
    final = seen[-1].split("\n")
    text = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in final]
    expect("the summary is seen", any(line == "abc-to-xyz (full): 5 read, 2 added, 3 in conflict" for line in text), text)
    expect("colour is seen", "\x1b[35m" in seen[-1], final)
    expect("nothing of the progress is left", not any("reading:" in line or "writing:" in line for line in text), text)
    expect("the title is not theirs", "title" not in title, title)


def main():
    with tempfile.TemporaryDirectory() as folder:
        for test in (test_drawn, test_elsewhere, test_colour, test_tmux):
            test(pathlib.Path(folder))
    print("screen:", "good" if not faults.found else f"{len(faults.found)} wrong")
    return 1 if faults.found else 0


if __name__ == "__main__":
    sys.exit(main())
