#!/usr/bin/env python3
"""What shells complete galway's words by, as the shells themselves do it.   run.py GALWAY

bash: its function is called with the words as bash has them. fish: `complete -C`. zsh: keys are typed in tmux.
fish, zsh and tmux are left out, and that is said, where they are not installed.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import faults  # noqa: E402
from faults import expect  # noqa: E402

GALWAY = os.path.realpath(sys.argv[1])
ODD = "a b$(touch PWNED)`touch PWNED`;touch PWNED"
CONF = f"""
connector abc {{ type = mem }}
connector xyz {{ type = mem }}
flow abc-to-xyz {{ source = abc target = xyz into = "OU=x" }}
flow '{ODD}' {{ source = xyz target = abc into = "OU=x" }}
"""
# A line up to the cursor, and all that may follow there; a set: at least these; None: a set that is empty.
CASES = [
    ("galway sy", ["sync"]),
    ("galway -q --log-format json sy", ["sync"]),
    ("galway s", ["schedule", "set", "status", "sync"]),
    ("galway --log-format ", ["json", "text"]),
    ("galway check --", ["--help"]),
    ("galway sync --no-", ["--no-create", "--no-delete", "--no-rename", "--no-update"]),
    ("galway sync --if", ["--if-due"]),
    ("galway diff --if", []),
    ("galway diff --format m", ["markdown"]),
    ("galway diff --format=m", ["markdown"]),
    ("galway preflight --format ", ["csv", "html", "text"]),
    ("galway preflight --format=h", ["html"]),
    ("galway compare --format ", ["json", "text"]),
    ("galway history --format ", ["json", "text"]),
    ("galway set --format ", ["json", "text"]),
    ("galway -c CONF diff abc", ["abc-to-xyz"]),
    ("galway -c CONF set x --as ", ["abc", "xyz"]),
    ("galway -c CONF authority t", ["transfer"]),
    ("galway -c none.conf diff ", []),
    ("galway -c gal", ["galway.conf"]),
    ("galway diff --save gal", ["galway.conf"]),
    ("galway schedule sys", ["systemd"]),
    ("galway schedule systemd fol", ["folder"]),
    ("galway completion ", ["bash", "fish", "zsh"]),
    ("galway help val", ["validators"]),
    ("galway help che", ["check"]),
    ("galway diff --object ", []),
]


def script(shell, folder):
    path = folder / "scripts" / shell
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(subprocess.run([GALWAY, "completion", shell], check=True, capture_output=True).stdout)
    return path


def bash_words(line):
    """As readline splits them: '=' is a word of its own."""
    return [word for word in re.split(r" |(=)", line) if word is not None] if " " in line else [line]


def bash(line, folder, path, env):
    words = bash_words(line)
    words = [word for i, word in enumerate(words) if word or i == len(words) - 1]
    call = 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _galway; [ ${#COMPREPLY[@]} = 0 ] || printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(["bash", "--norc", "-c", call, path, *words], cwd=folder, env=env, capture_output=True, text=True)
    expect(f"bash: {line!r}: silent", done.stderr == "", done.stderr)
    return done.stdout.splitlines()


def fish(line, folder, path, env):
    done = subprocess.run(["fish", "-N", "-c", f"source {path}; complete -C '{line}'"], cwd=folder, env=env, capture_output=True,
                          text=True)
    expect(f"fish: {line!r}: silent", done.stderr == "", done.stderr)
    return [text.split("\t")[0].removeprefix("--format=").rstrip("/") for text in done.stdout.splitlines()]


def each(shell, complete, folder, path, env):
    for line, want in CASES:
        got = complete(line.replace("CONF", "galway.conf"), folder, path, env)
        expect(f"{shell}: {line!r}", sorted(got) == want, got)
    expect(f"{shell}: nothing was run", not (folder / "PWNED").exists())


def options(shell, complete, folder, path, env):
    """Every option that "galway help" has of a command is completed, and no other."""
    text = subprocess.run([GALWAY, "help"], check=True, capture_output=True, text=True).stdout
    commands = re.findall(r"^  ([a-z][a-z-]*) ", text, re.M)
    expect(f"{shell}: commands", sorted(complete("galway ", folder, path, env)) == sorted(commands))
    for command in commands:
        told = re.findall(r"^  (--[a-z-]+)", subprocess.run([GALWAY, command, "--help"], check=True, capture_output=True,
                                                             text=True).stdout, re.M)
        got = complete(f"galway {command} --", folder, path, env)
        expect(f"{shell}: options of {command}", sorted(got) == sorted({*told, "--help"}), (got, told))


def formats():
    """What help says of --format is what the command takes, and nothing else; for a flow that is not there, so that no more is done."""
    every = ["text", "html", "json", "csv", "ldif", "dsml", "markdown"]
    for command, want in (("diff x", every), ("sync x", every), ("compare x y", ["text", "json"]), ("history x", ["text", "json"]),
                          ("set x y=z x --as x", ["text", "json"]), ("preflight x", ["text", "html", "csv"])):
        words = command.split()
        told = subprocess.run([GALWAY, words[0], "--help"], check=True, capture_output=True, text=True).stdout
        line = re.search(r"^  --format (.*)$", told, re.M)[1]
        expect(f"help of {words[0]}", [word for word in every if re.search(rf"\b{word}\b", line)] == [word for word in every if word in want], line)
        for word in every:
            done = subprocess.run([GALWAY, "-c", "galway.conf", *words, "--format", word], capture_output=True, text=True, cwd="/")
            expect(f"{words[0]} --format {word}", ("--format" not in done.stderr) == (word in want) and done.returncode == 2, done.stderr)
        wrong = subprocess.run([GALWAY, *words, "--format", "xml"], capture_output=True, text=True).stderr
        expect(f"{words[0]} --format xml", [word for word in every if re.search(rf"\b{word}\b", wrong)] == [word for word in every if word in want], wrong)


def zsh(folder, path, env):
    """A line is typed, with a tab at its end; what stands there then."""
    (folder / "functions").mkdir()
    shutil.copy(path, folder / "functions" / "_galway")
    tmux = ["tmux", "-L", f"galway-zsh-{os.getpid()}", "-f", "/dev/null"]
    start = f"PS1='> '; fpath=({folder}/functions $fpath); autoload -Uz compinit; compinit -u -D; cd {folder}; clear"
    subprocess.run([*tmux, "new-session", "-d", "-x", "200", "-y", "30", "zsh -f -i"], check=True, env=env)

    def screen():
        return subprocess.run([*tmux, "capture-pane", "-p"], check=True, capture_output=True, text=True).stdout

    def wait(good):
        for _ in range(200):
            if good(text := screen()):
                return text
            time.sleep(0.05)
        return screen()

    try:
        subprocess.run([*tmux, "send-keys", "-l", start + "\r"], check=True)
        wait(lambda text: text.startswith("> ") and "fpath" not in text)
        for typed, want in (("galway sy", "galway sync"), ("galway sync --if", "galway sync --if-due"),
                            ("galway diff --format=m", "galway diff --format=markdown"),
                            ("galway -c galway.conf diff abc", "galway -c galway.conf diff abc-to-xyz"),
                            ("galway -c galway.conf diff a\\ b", "galway -c galway.conf diff a\\ b\\$\\(touch\\ PWNED"),
                            ("galway help val", "galway help validators"),
                            ("galway schedule sys", "galway schedule systemd"),
                            ("galway diff --save=gal", "galway diff --save=galway.conf")):
            subprocess.run([*tmux, "send-keys", "-l", "\x15\x0c" + typed + "\t"], check=True)
            got = wait(lambda text, w=want: text.startswith("> " + w))
            expect(f"zsh: {typed!r}", got.startswith("> " + want), got.split("\n")[0])
        expect("zsh: nothing was run", not (folder / "PWNED").exists())
    finally:
        subprocess.run([*tmux, "kill-server"], check=True)


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "galway.conf").write_text(CONF)
        (folder / "galway.conf").chmod(0o600)
        (folder / "folder").mkdir()
        (folder / "bin").mkdir()
        (folder / "bin" / "galway").symlink_to(GALWAY)
        env = {"PATH": f"{folder}/bin:{os.environ['PATH']}", "HOME": name, "TERM": "xterm", "LC_ALL": "C.UTF-8",
               **{key: value for key, value in os.environ.items() if "SAN_OPTIONS" in key}}
        formats()
        path = script("bash", folder)
        each("bash", bash, folder, path, env)
        options("bash", bash, folder, path, env)
        got = bash("galway -c galway.conf diff a ", folder, path, env)
        expect("bash: names are quoted", len(got) == 2 and subprocess.run(
            ["bash", "-c", f"printf %s {sorted(got)[0]}"], cwd=folder, capture_output=True, text=True).stdout == ODD, got)
        expect("bash: nothing was run", not (folder / "PWNED").exists())
        subprocess.run(["bash", "-n", path], check=True)
        if shutil.which("fish"):
            path = script("fish", folder)
            each("fish", fish, folder, path, env)
            options("fish", fish, folder, path, env)
        else:
            print("completion: fish is not there")
        if shutil.which("zsh") and shutil.which("tmux"):
            zsh(folder, script("zsh", folder), env)
        else:
            print("completion: zsh, or tmux, is not there")
        other = subprocess.run([GALWAY, "completion", "csh"], capture_output=True, text=True)
        expect("another shell", other.returncode == 2 and other.stdout == "", other)
    print("completion:", "good" if not faults.found else f"{len(faults.found)} wrong")
    return 1 if faults.found else 0


if __name__ == "__main__":
    sys.exit(main())
