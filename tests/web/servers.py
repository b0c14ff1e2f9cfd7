"""Servers that others wrote, of tests/web/servers: installed with npm, once, into a folder of the cache."""
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def installed():
    """The folder with node_modules as package-lock.json has it; None: there is no npm."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        return None
    lock = (HERE / "servers" / "package-lock.json").read_bytes()
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "galway"
    folder = cache / f"servers-{hashlib.sha256(lock).hexdigest()[:16]}"
    if not (folder / "node_modules").exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as fresh:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / "servers" / name, fresh)
            subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=optional", "--omit=peer"], cwd=fresh,
                           check=True, stdout=subprocess.DEVNULL)
            try:
                os.rename(fresh, folder)
                os.mkdir(fresh)
            except OSError:
                pass  # somebody else was quicker
    return folder


class Node:
    """A server of tests/web/servers, until the block ends."""

    def __init__(self, folder, port, script, *arguments):
        self.port = port
        self.process = subprocess.Popen(["node", HERE / "servers" / script, str(self.port), *arguments], cwd=folder,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if self.process.stdout.readline().strip() != "ready":
            raise SystemExit(f"{script} does not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
