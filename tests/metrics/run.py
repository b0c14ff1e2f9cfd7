#!/usr/bin/python3
"""What `metrics = FILE` writes is what Prometheus reads, and what the examples for it name: run.py GALWAY

promtool reads the file, the alert rules and their unit tests; where it is not installed those are left out, and 77 says so.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "web")]
import fake  # noqa: E402
import faults  # noqa: E402
import scim_fake  # noqa: E402
from faults import fail  # noqa: E402

GALWAY = sys.argv[1]
MONITORING = ROOT / "examples/monitoring"
PROMTOOL = shutil.which("promtool")
LINE = re.compile(r'(galway_[a-z_]+)(\{(?:[a-z]+="[^"]*",?)*\})? (-?\d+)')


def sync(folder, want, *more):
    done = subprocess.run([GALWAY, "-c", folder / "galway.conf", "-q", "sync", *more], capture_output=True, text=True, check=False)
    if done.returncode != want:
        fail("sync", f"ended with {done.returncode}, not {want}: {done.stdout}{done.stderr}")
    return dict(((m[1], m[2] or ""), int(m[3])) for m in map(LINE.fullmatch, (folder / "galway.prom").read_text().splitlines()) if m)


def promtool(case, *arguments, **given):
    if PROMTOOL is None:
        return
    done = subprocess.run([PROMTOOL, *arguments], capture_output=True, text=True, check=False, **given)
    if done.returncode != 0:
        fail(case, done.stdout + done.stderr)


def world(home):
    """The two companies of the example, and a SCIM service of the first one's people."""
    folder = home / "galway"
    shutil.copytree(ROOT / "examples/merger", folder)
    fake.authority(home)
    fake.certificate(home, "server")
    server = scim_fake.serve(scim_fake.Service(), home, "server")
    conf = folder / "galway.conf"
    (folder / "secret").write_text("S3CR3T\n")
    (folder / "secret").chmod(0o600)
    shutil.copy(ROOT / "examples/scim/people.rules", folder)
    conf.write_text(conf.read_text() + f"""
metrics = "galway.prom"
connector cloud {{
    type = scim
    url = "{server.url}/scim/v2"
    tls-ca = "{home}/ca.pem"
    auth = bearer
    secret = "file:{folder}/secret"
    base = "O=cloud"
    retry = 0s
}}
flow abc-to-cloud {{
    source = abc
    target = cloud
    rules = "people.rules"
    into = "O=cloud"
}}
""")
    for path in [conf, *folder.glob("*.ldif")]:
        path.chmod(0o600)
    return folder, server


def end_of(certificate):
    text = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-enddate"], check=True, capture_output=True, text=True).stdout
    return int(subprocess.run(["date", "-d", text.split("=")[1].strip(), "+%s"], check=True, capture_output=True, text=True).stdout)


def expect(got, name, labels, want):
    if got.get((name, labels)) != want:
        fail(name + labels, f"{got.get((name, labels))}, not {want}")


def whole(folder, kept, text):
    """Whoever reads the file sees the old one or the new one: the old is as it was, under another name, and no part of a new one is left."""
    now = folder / "galway.prom"
    if kept.read_text() != text or now.read_text() == text:
        fail("a reader of the old file", "it was written over")
    if now.samefile(kept) or now.stat().st_mode & 0o777 != 0o644:
        fail("the file", f"it is the old one, or others may not read it: {now.stat().st_mode:o}")
    beside = [path.name for path in folder.glob("galway.prom*")]
    if beside != ["galway.prom"]:
        fail("the file", f"beside it: {beside}")


def written(home):
    """Names of all that is written."""
    folder, server = world(home)
    got = sync(folder, 4)
    expect(got, "galway_last_run_operations", '{flow="abc-to-xyz",operation="add"}', 31)
    expect(got, "galway_pending", '{flow="abc-to-xyz",kind="conflict"}', 2)
    expect(got, "galway_links", '{flow="abc-to-xyz"}', 32)
    expect(got, "galway_source_entries", '{flow="abc-to-xyz"}', 65)
    expect(got, "galway_target_entries", '{flow="abc-to-xyz"}', 62)
    expect(got, "galway_interval_seconds", "", 10800)
    ends = end_of(home / "server.pem")
    expect(got, "galway_certificate_expiry_timestamp_seconds", '{connector="cloud"}', ends)
    if ("galway_certificate_expiry_timestamp_seconds", '{connector="abc"}') in got:
        fail("certificates", "of a file")
    text = (folder / "galway.prom").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    if len(lines) != len(got):
        fail("lines", f"{len(lines)}, of which {len(got)} can be read, or are there once")
    promtool("the metrics", "check", "metrics", input=text)
    # What was seen once is told when the server is away: that it ended may be why.
    server.shutdown()
    server.server_close()
    kept = folder / "kept"
    kept.hardlink_to(folder / "galway.prom")
    got = sync(folder, 5, "--full")
    whole(folder, kept, text)
    expect(got, "galway_certificate_expiry_timestamp_seconds", '{connector="cloud"}', ends)
    expect(got, "galway_last_run_exit_code", '{flow="abc-to-cloud"}', 5)
    expect(got, "galway_last_run_exit_code", '{flow="abc-to-xyz"}', 4)
    # A plan that the guard refuses is a run, too.
    people = folder / "abc.ldif"
    people.write_text("version: 1\n\n" + "\n\n".join(e for e in people.read_text().split("\n\n") if "OU=People" not in e.split("\n")[0]) + "\n")
    got = sync(folder, 3, "abc-to-xyz")
    expect(got, "galway_last_run_exit_code", '{flow="abc-to-xyz"}', 3)
    expect(got, "galway_last_run_operations", '{flow="abc-to-xyz",operation="delete"}', 0)
    return {name for name, _ in got}


def expressions(value):
    """Every "expr" and "query" of a dashboard."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in ("expr", "query") and isinstance(inner, str):
                yield inner
            yield from expressions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from expressions(inner)


def main():
    with tempfile.TemporaryDirectory(prefix="galway-metrics-") as home:
        names = written(pathlib.Path(home))
    dashboard = json.loads((MONITORING / "grafana.json").read_text())
    rules = (MONITORING / "galway.rules.yml").read_text()
    manual = (ROOT / "docs/man/galway-reports.5.in").read_text()
    shown = {name for text in expressions(dashboard) for name in re.findall(r"galway_[a-z_]+", text)}
    watched = set(re.findall(r"\bgalway_[a-z_]+", rules))
    for case, some in (("the dashboard", shown), ("the alerts", watched), ("the manual", set(re.findall(r"galway_[a-z_]+", manual)))):
        if not some or some - names:
            fail(case, f"names what galway does not write: {some - names}")
    if names - shown - {"galway_interval_seconds", "galway_last_run_timestamp_seconds"}:
        fail("the dashboard", f"does not show {names - shown}")
    if names - set(re.findall(r"galway_[a-z_]+", manual)):
        fail("the manual", "does not name all")
    ids = [panel["id"] for panel in dashboard["panels"]]
    if len(set(ids)) != len(ids):
        fail("the dashboard", "two panels of one id")
    promtool("the alerts", "check", "rules", MONITORING / "galway.rules.yml")
    promtool("the alerts", "test", "rules", HERE / "alerts.yml")
    print(f"metrics: {len(names)} names, {len(shown)} shown, {len(watched)} watched, {len(faults.found)} faults")
    if not faults.found and PROMTOOL is None:
        print("metrics: skipped: promtool is not there (Debian: prometheus)")
        return 77
    return bool(faults.found)


if __name__ == "__main__":
    sys.exit(main())
