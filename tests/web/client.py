#!/usr/bin/env python3
"""The client of connectors/http.h against a server that does things wrong.   client.py DRIVER

Each scenario is a configuration, lines for tests/web/driver.c and, line by line, what is to come of them; and what is to be true
of what the server saw.
"""
import base64
import concurrent.futures
import gzip
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import fake
import servers

DRIVER = os.path.realpath(sys.argv[1])
TOKEN = "S3CR3T-token"
failures = []


def wrong(what):
    failures.append(what)
    print("WRONG:", what)


# --- the server ------------------------------------------------------------------------------------------
def answer(r):
    """What comes is said by the path: /WORD/ARGUMENT..."""
    parts = urllib.parse.urlsplit(r.path).path.strip("/").split("/")
    ACTIONS.get(parts[0], unknown)(r, *parts[1:])


def unknown(r, *_):
    r.reply(404, b"{}")


def ok(r, *_):
    r.reply(200, b'{"ok": true}')


def slow(r, milliseconds, *_):
    time.sleep(int(milliseconds) / 1000)
    ok(r)


def meet(r, n, *_):
    r.server.meet(int(n))
    ok(r)


def status(r, code, *_):
    r.reply(int(code), b"{}", request_id="served-by-42")


def busy(r, code, times, after="", *_):
    """That status so many times, then good."""
    if r.server.count(r.path) > int(times):
        ok(r)
    elif after:
        r.reply(int(code), b"{}", Retry_After=after)
    else:
        r.reply(int(code), b"{}")


def lost(r, times, *_):
    """The connection is lost before the answer, so many times."""
    if r.server.count(r.path) > int(times):
        ok(r)
    else:
        r.hang_up()


def bomb(r, *_):
    """300 MB of blanks in 300 kB."""
    r.reply(200, BOMB, Content_Encoding="gzip")


def zipped(r, *_):
    r.reply(200, gzip.compress(b'"' + b"x" * 5000 + b'"'), Content_Encoding="gzip")


def large(r, size, *_):
    r.reply(200, b"x" * int(size))


def cut(r, *_):
    """Half of what is announced."""
    r.send_response(200)
    r.send_header("Content-Length", "1000")
    r.end_headers()
    r.wfile.write(b"x" * 500)
    r.hang_up()


def silent(r, *_):
    time.sleep(5)
    r.hang_up()


def drip(r, size, *_):
    """So many bytes every 100 ms, for longer than anybody should wait."""
    r.send_response(200)
    r.send_header("Content-Length", "1000000")
    r.end_headers()
    for _ in range(200):
        r.wfile.write(b"x" * int(size))
        time.sleep(0.1)


def redirect(r, *_):
    r.reply(302, b"", Location=OTHER.url + "/ok")


def told(r, *_):
    r.reply(200, b"{}", X_Told=r.headers.get("Authorization", "nothing"))


def refused(r, times, *_):
    """401, so many times."""
    if r.server.count("refused") > int(times):
        told(r)
    else:
        r.reply(401, b"{}")


def token(r, kind="good", *_):
    """OAuth 2.0, RFC 6749 4.4; assertions as Entra wants them."""
    n = r.server.count("token")
    form = {k: v[0] for k, v in urllib.parse.parse_qs(r.body.decode()).items()}
    if kind == "busy" and n == 1:
        r.reply(503, b"{}", Retry_After="1")
    elif kind == "junk":
        r.reply(200, b'{"access_token": "%s" "' % TOKEN.encode())
    elif kind == "split":
        r.reply(200, json.dumps({"token_type": "Bearer", "access_token": "a\r\nX-Other: b"}).encode())
    elif form.get("grant_type") != "client_credentials" or form.get("client_id") != "galway":
        r.reply(400, b'{"error": "invalid_request"}')
    elif why := unproved(form, r.server.url + r.path):
        r.reply(401, json.dumps({"error": "invalid_client", "error_description": why}).encode())
    else:
        seconds = 1 if kind == "short" else 3600
        r.reply(200, json.dumps({"token_type": "Bearer", "expires_in": seconds, "access_token": f"{TOKEN}-{n}"}).encode())


def unproved(form, url):
    """What is wrong with who the client says it is; the signature is verified by openssl."""
    if "client_secret" in form:
        return None if form["client_secret"] == "hush & co" else "wrong secret"
    if form.get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer":
        return "no proof"
    parts = form["client_assertion"].split(".")
    header, claims, signature = (base64.urlsafe_b64decode(p + "=" * (-len(p) % 4)) for p in parts)
    header, claims = json.loads(header), json.loads(claims)
    der = subprocess.run(["openssl", "x509", "-in", FOLDER / "app.pem", "-outform", "DER"], check=True, capture_output=True).stdout
    thumb = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).decode().rstrip("=")
    if header != {"alg": "PS256", "typ": "JWT", "x5t#S256": thumb}:
        return f"header {header}"
    now = time.time()
    if claims["aud"] != url or claims["iss"] != "galway" or claims["sub"] != "galway":
        return f"claims {claims}"
    if not claims["nbf"] <= now <= claims["exp"] <= now + 600 or not re.fullmatch(r"[0-9a-f-]{36}", claims["jti"]):
        return f"times {claims}"
    (FOLDER / "signed").write_bytes(".".join(parts[:2]).encode())
    (FOLDER / "signature").write_bytes(signature)
    pubkey = subprocess.run(["openssl", "x509", "-in", FOLDER / "app.pem", "-pubkey", "-noout"], check=True, capture_output=True).stdout
    (FOLDER / "app.pub").write_bytes(pubkey)
    good = subprocess.run(["openssl", "dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest",
                           "-verify", FOLDER / "app.pub", "-signature", FOLDER / "signature", FOLDER / "signed"],
                          capture_output=True, check=False)
    return None if good.returncode == 0 else "signature"


def forward(r, port, *rest):
    """To another server, as somebody in between would."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/{'/'.join(rest)}", r.body, {"Content-Type": r.headers["Content-Type"]})
    try:
        with urllib.request.urlopen(request) as answer:
            r.reply(answer.status, answer.read())
    except urllib.error.HTTPError as e:
        r.reply(e.code, e.read())


ACTIONS = {f.__name__: f for f in (ok, slow, meet, status, busy, lost, bomb, zipped, large, cut, silent, drip, redirect, told, refused, token,
                                        forward)}
BOMB = gzip.compress(b" " * 300_000_000, 1)


# --- scenarios -------------------------------------------------------------------------------------------
def drive(settings, lines, *arguments, server=None):
    """(lines of the driver's output, its messages)"""
    server = server or MAIN
    path = FOLDER / f"driver-{server.port}.conf"
    base = [] if any(s.startswith("url") for s in settings) else [f'url = "{server.url}"']
    ca = [] if any(s.startswith("tls-ca") for s in settings) else [f'tls-ca = "{FOLDER}/ca.pem"']
    retry = [] if any(s.startswith("retry") for s in settings) else ["retry = 8s"]
    path.write_text("service {\n" + "\n".join([*base, *ca, *retry, *settings]) + "\n}\n")
    path.chmod(0o600)
    environment = dict(os.environ, GALWAY_TEST_SECRET="hush & co", HTTPS_PROXY="http://127.0.0.1:9", https_proxy="http://127.0.0.1:9",
                       all_proxy="http://127.0.0.1:9", HOME=str(FOLDER))
    result = subprocess.run([DRIVER, path, *arguments], input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=60,
                            check=False, env=environment)
    return result.stdout.splitlines(), result.stderr


def expect(name, settings, cases, server=None, seconds=None, check=None):
    """cases: (line for the driver, pattern of its answer). check(requests): what is wrong with what the server saw."""
    server = server or MAIN
    server.log.clear()
    server.counts.clear()
    server.most = 0
    begun = time.monotonic()
    out, messages = drive(settings, [line for line, _ in cases], server=server)
    took = time.monotonic() - begun
    patterns = [p for _, p in cases]
    if len(out) < len(patterns):
        out += ["(nothing)"] * (len(patterns) - len(out))
    for line, pattern, got in zip([l for l, _ in cases], patterns, out):
        if not re.fullmatch(pattern, got):
            wrong(f"{name}: {line}: {got}")
    if "ERROR" in messages or "runtime error" in messages:
        wrong(f"{name}: {messages}")
    if any(word in "\n".join(out) + messages for word in ("S3CR3T", "hush")) and "Authorization" not in name:
        wrong(f"{name}: a secret is told: {out} {messages}")
    if seconds is not None and not seconds[0] <= took <= seconds[1]:
        wrong(f"{name}: took {took:.2f} s, not {seconds}")
    if check is not None and (what := check([e for e in server.log if not e[2].startswith("/token")])):
        wrong(f"{name}: {what}")


GOOD = r"200 12"
NONE = ["auth = none"]
OAUTH = ["auth = oauth2", 'client-id = "galway"', 'scope = "https://abc.example/.default"']
SECRET = [*OAUTH, 'secret = "env:GALWAY_TEST_SECRET"']


def oauth(kind="good", *more):
    return [*SECRET, f'token-url = "{MAIN.url}/token/{kind}"', *more]


def tls():
    expect("a CA of its own", NONE, [("GET /ok", GOOD)])
    expect("the system's CAs", ["auth = none", 'tls-ca = "/etc/ssl/certs/ca-certificates.crt"'],
           [("GET /ok", r"fatal GET https://127.0.0.1:\d+/ok: SSL certificate problem.*\(client-request-id [0-9a-f-]{36}\)")])
    expect("another name", [*NONE, f'url = "{NAMED.url}"'], [("GET /ok", r"fatal .*no alternative certificate subject name.*")])
    expect("a certificate of ours", [*NONE, f'tls-cert = "{FOLDER}/client.pem"', f'tls-key = "{FOLDER}/client.key"'],
           [("GET /ok", GOOD)], server=MUTUAL)
    expect("none of ours", NONE, [("GET /ok", r"(busy|fatal) .*")], server=MUTUAL, check=lambda log: log and "something was asked")
    os.chmod(FOLDER / "loose.key", 0o644)
    expect("a key that others read", [*NONE, f'tls-cert = "{FOLDER}/client.pem"', f'tls-key = "{FOLDER}/loose.key"'],
           [("GET /ok", r"fatal .*tls-key .*others may read it.*")])
    expect("http", [*NONE, 'url = "http://abc.example"'], [("GET /ok", r"fatal .*nothing is sent without encryption.*")])
    expect("http to another host", [*NONE, "plain = true", 'url = "http://192.0.2.1"'], [("GET /ok", r"fatal .*without encryption.*")])
    expect("http to loopback", [*NONE, 'url = "http://127.0.0.1:9"'], [("GET /ok", r"fatal .*without encryption.*")])
    out, messages = drive([*NONE, "plain = true"], ["GET /ok"], server=PLAIN)
    if out != ["200 12"] or "plain = true: the connection is not encrypted" not in messages:
        wrong(f"plain: {out} {messages}")


def origins():
    other = OTHER.url
    refused_by_us = r"fatal https://127.0.0.1:\d+: the server refers to another origin, .*: not followed"
    OTHER.log.clear()
    expect("another origin", oauth(), [
        (f"GET {MAIN.url}/ok", GOOD),
        (f"GET {other}/ok", refused_by_us),
        (f"GET https://localhost:{MAIN.port}/ok", refused_by_us),
        (f"GET https://127.0.0.1:{MAIN.port}@{other[8:]}/ok", r"fatal a URL with a user or a fragment is not taken"),
        (f"GET https://127.0.0.1:{MAIN.port}.abc.example/ok", r"fatal .*(is not a URL|another origin).*"),
        (f"GET http://127.0.0.1:{MAIN.port}/ok", r"fatal .*without encryption.*"),
        ("GET file:///etc/passwd", r"fatal .*(is not a URL|is not https).*"),
        (f"GET //{other[8:]}/ok", r"(200 12|404 .*|fatal .*|busy .*)")])
    expect("redirects", oauth(), [("GET /redirect", r"302 .*: redirects are not followed \(client-request-id.*")])
    if OTHER.log:
        wrong(f"another origin was asked: {OTHER.log[0][1:]}")


def retries():
    at = lambda log: [e[0] for e in log]
    expect("429 and Retry-After", NONE, [("GET /busy/429/1/1", GOOD)], seconds=(1.0, 10),
           check=lambda log: (len(log) != 2 or at(log)[1] - at(log)[0] < 1.0) and "asked too soon")
    expect("the whole host waits", [*NONE, "window = 1"], [("GET /busy/429/1/1", GOOD), ("GET /ok", GOOD)],
           check=lambda log: log[1][0] - log[0][0] < 1.0 and "another request was sent meanwhile")
    expect("one id", NONE, [("GET /busy/503/2", "200 12 doubt")],
           check=lambda log: (len(log) != 3 or len({e[3]["client-request-id"] for e in log}) != 1) and "not one id")
    expect("429 to a POST", NONE, [("POST /busy/429/1 =x", GOOD)])
    expect("503 to a POST", NONE, [("POST /busy/503/1 =x", r"503 2 doubt .*"), ("POST /busy/504/1/0 again =x", r"200 12 doubt")])
    expect("a POST is sent once, on a used connection too", [*NONE, "window = 1"],
           [("POST /ok =x", GOOD), ("POST /lost/1/used =x", r"busy POST .*")],
           check=lambda log: None if sum(e[2] == "/lost/1/used" for e in log) == 1 else f"{len(log)} requests")
    expect("lost connections", NONE, [("GET /lost/2", r"200 12 doubt"), ("DELETE /lost/1/x", r"200 12 doubt"),
                                      ("POST /lost/1/y =x", r"busy POST .*"), ("PATCH /lost/1/z =x", r"busy PATCH .*")],
           check=lambda log: sum(e[1] in ("POST", "PATCH") for e in log) != 2 and "sent twice")
    expect("no time", [*NONE, "retry = 0s"], [("GET /busy/429/9/1", r"429 .*")], check=lambda log: len(log) != 1 and "asked again")
    expect("Retry-After is too long", [*NONE, "retry = 2s"], [("GET /busy/429/9/3600", r"429 .*")], seconds=(0, 10))
    expect("Retry-After is longer than numbers go", [*NONE, "retry = 2s"], [(f"GET /busy/429/9/{2 ** 63 - 1}", r"429 .*")], seconds=(0, 10),
           check=lambda log: len(log) != 1 and "asked again")
    expect("the time is over", [*NONE, "retry = 1s"], [("GET /busy/503/999", r"503 .*")], seconds=(0.3, 15))
    expect("the deadline", [*NONE, "deadline = 3s", "window = 1"], [
        ("GET /slow/100", GOOD), ("GET /slow/9000", r"busy GET \S+/slow/9000: .*\(client-request-id [0-9a-f-]{36}\)"),
        ("GET /ok", r"busy GET \S+/ok: deadline of 3s is over.* \(client-request-id [0-9a-f-]{36}\)")], seconds=(2.9, 8.9))
    expect("a storm", [*NONE, "retry = 20s"], [(f"GET /busy/429/1/1/{i}", GOOD) for i in range(40)], seconds=(1, 60))
    expect("nobody there", ["auth = none", 'url = "https://127.0.0.1:9"', "retry = 1s"], [("GET /ok", r"busy GET .*connect.*")])
    expect("other errors", NONE, [("GET /status/500", r"500 .*: says so \(client-request-id [0-9a-f-]{36}, request-id served-by-42\)"),
                                  ("GET /status/404?secret=1", r"404 2 GET https://127.0.0.1:\d+/status/404: 404: .*"),
                                  ("DELETE /status/204", r"204 0")],
           check=lambda log: len(log) != 3 and "asked again")


def limits():
    expect("a bomb", [*NONE, "max-answer = 1000000"], [("GET /bomb", r"fatal .*larger than max-answer, 1000000 bytes.*")], seconds=(0, 20))
    expect("large", [*NONE, "max-answer = 1000"], [("GET /large/1000", "200 1000"), ("GET /large/1001", "fatal .*larger than.*"),
                                                   ("GET /zipped", "fatal .*larger than.*")])
    expect("zipped", NONE, [("GET /zipped", "200 5002")])
    expect("half", [*NONE, "retry = 1s"], [("GET /cut", r"busy .*")])
    expect("silent", [*NONE, "timeout = 1s", "retry = 0s"], [("GET /silent", r"busy .*")], seconds=(0.9, 20))


def drips():
    """Too little comes; or enough, but without end."""
    impatient = [*NONE, "timeout = 1s", "retry = 0s"]
    expect("drips", impatient, [("GET /drip/1", r"busy .*too slow.*")], server=DRIPS, seconds=(0.9, 9))
    expect("runs for ever", impatient, [("GET /drip/200", r"busy .*timed out after 1\d{4} milliseconds.*")], server=DRIPS, seconds=(9.5, 20))


def window():
    many = [(f"GET /slow/100/{i}", GOOD) for i in range(16)]
    expect("8 at once", NONE, [(f"GET /meet/8/{i}", GOOD) for i in range(16)], check=lambda log: MAIN.most != 8 and f"{MAIN.most} at once")
    expect("1 at once", [*NONE, "window = 1"], many[:4], seconds=(0.4, 30), check=lambda log: MAIN.most != 1 and f"{MAIN.most} at once")
    out, _ = drive(NONE, ["GET /slow/400", "GET /ok"], "any")
    if out != ["1: 200 12", "0: 200 12"]:
        wrong(f"as they come: {out}")


def versions():
    """HTTP/2 where it is offered, but for what must not be sent twice: a lost connection takes all with it."""
    two, one = "200 2 X-Told: 2.0", "200 2 X-Told: 1.1"
    try:
        with servers.versions(FOLDER / "server.pem", FOLDER / "server.key") as server:
            expect("HTTP/2", [*NONE, f'url = "https://127.0.0.1:{server.port}"'], [
                ("GET /a", two), ("GET /b", two), ("DELETE /c", two), ("PUT /d =x", two), ("POST /e again =x", two),
                ("POST /f =x", one), ("PATCH /g =x", one)])
    except servers.Missing as e:
        servers.skip("HTTP/2", e)


def proofs():
    expect("Authorization: secret", oauth(), [("GET /told", rf"200 2 X-Told: Bearer {TOKEN}-1")] * 3,
           check=lambda log: MAIN.counts["token"] != 1 and "more than one token was had")
    expect("wrong secret", [*OAUTH, 'secret = "exec:echo other"', f'token-url = "{MAIN.url}/token"'],
           [("GET /ok", r"fatal the token: POST .*/token: 401: wrong secret \(client-request-id .*")])
    cert = [*OAUTH, f'token-url = "{MAIN.url}/token"', f'client-cert = "{FOLDER}/app.pem"']
    expect("Authorization: certificate", [*cert, f'client-key = "{FOLDER}/app.key"'],
           [("GET /told", rf"200 2 X-Told: Bearer {TOKEN}-1")])
    expect("another key", [*cert, f'client-key = "{FOLDER}/client.key"'],
           [("GET /told", r"fatal the token: \S+client.key is not the key of the certificate \S+app.pem")],
           check=lambda log: MAIN.counts["token"] and "the endpoint was asked")
    expect("a bad assertion", [*OAUTH, f'token-url = "{MAIN.url}/token"', f'client-cert = "{FOLDER}/client.pem"', f'client-key = "{FOLDER}/client.key"'],
           [("GET /told", r"fatal the token: .*: header .*; we are galway by the certificate \S+client.pem \(good until .*")])
    expect("no RSA", [*cert, f'client-key = "{FOLDER}/ca.key"'], [("GET /told", r"fatal the token: .*no RSA key.*")])
    expect("Authorization: the token expires", oauth("short", "window = 1"), [
        ("GET /told", rf"200 2 X-Told: Bearer {TOKEN}-1"), ("GET /told", rf"200 2 X-Told: Bearer {TOKEN}-2")])
    expect("Authorization: 401 once", oauth(), [("GET /refused/1", rf"200 2 X-Told: Bearer {TOKEN}-2")])
    expect("401 for ever", oauth(), [("GET /refused/9", r"401 .*")], check=lambda log: len(log) != 2 and f"asked {len(log)} times")
    expect("a busy token endpoint", oauth("busy"), [("GET /ok", GOOD)], seconds=(1, 15))
    expect("a token in bad JSON", oauth("junk"), [("GET /ok", r"fatal the token: POST .*has no bearer token \(client-request-id .*")])
    expect("a header in a token", oauth("split"), [("GET /ok", r"fatal the token: POST .*is no token \(client-request-id .*")],
           check=lambda log: log and "it was sent")
    expect("Authorization: bearer", ["auth = bearer", 'secret = "exec:echo my-own"'], [("GET /told", "200 2 X-Told: Bearer my-own")])
    basic = base64.b64encode(b"ann:hush & co").decode()
    expect("Authorization: basic", ["auth = basic", 'user = "ann"', 'secret = "env:GALWAY_TEST_SECRET"'],
           [("GET /told", "200 2 X-Told: Basic " + re.escape(basic))])
    expect("nothing", NONE, [("GET /told", "200 2 X-Told: nothing")])
    for settings, why in ((["auth = bearer"], "needs secret"), (["auth = basic", 'secret = "env:X"'], "needs user and secret"),
                          (OAUTH, "needs token-url and client-id"), ([*NONE, 'secret = "env:X"'], "has no secret"),
                          ([*OAUTH, f'token-url = "{MAIN.url}/token"'], "needs secret or client-cert"),
                          ([*SECRET, 'token-url = "http://127.0.0.1/t"'], "without encryption")):
        expect(f"settings {settings}", settings, [("GET /ok", f"fatal .*{why}.*")])


def others():
    """What a certified OpenID provider makes of our assertion: accepted, and refused when it is another's, for another, or too old."""
    refused = (r"fatal the token: POST \S+: 401: client authentication failed; we are (?:galway|other) by the certificate \S+{cert} "
               r"\(good until \d{{4}}-\S+Z\), the audience is \S+{path}, our clock says \d{{4}}-\S+Z \(client-request-id .*")
    path = "/tenant1/oauth2/v2.0/token"
    page = "GET /.well-known/openid-configuration"

    def ask(name, server, answer, cert="app", token_url=None, client="galway"):
        expect(f"oidc-provider: {name}",
               [f'url = "{server.url}"', "plain = true", "auth = oauth2", f'client-id = "{client}"', 'scope = "api"',
                f'token-url = "{token_url or server.url + path}"', f'client-cert = "{FOLDER}/{cert}.pem"',
                f'client-key = "{FOLDER}/{cert}.key"'], [(page, answer)])

    try:
        with servers.provider(FOLDER / "app.pem", "tenant1") as server:
            ask("good", server, r"200 \d+")
            if not re.fullmatch(r"[\w-]{43}", server.line()):
                wrong("oidc-provider gave no token")
            ask("another certificate", server, refused.format(cert="client.pem", path=path), cert="client")
            ask("another client", server, r"fatal the token: .*: 401: .*we are other by .*", client="other")
            between = f"{PLAIN.url}/forward/{server.port}{path}"
            ask("another audience", server, refused.format(cert="app.pem", path=path), token_url=between)
        with servers.provider(FOLDER / "app.pem", "tenant1", ahead=600) as server:
            ask("expired", server, refused.format(cert="app.pem", path=path))
        with servers.provider(FOLDER / "app.pem", "tenant1", ahead=-600) as server:
            ask("not yet", server, refused.format(cert="app.pem", path=path))
        with servers.provider(FOLDER / "app.pem", "tenant1", ahead=50) as server:
            ask("a clock that differs a little", server, r"200 \d+")
    except servers.Missing as e:
        servers.skip("oidc-provider", e)


def main():
    with concurrent.futures.ThreadPoolExecutor(1) as beside:
        waits = beside.submit(drips)
        for test in (tls, origins, window, versions, retries, limits, proofs, others):
            test()
        waits.result()
    print(f"{len(failures)} wrong" if failures else "good")
    return servers.exit_code(failures)


with tempfile.TemporaryDirectory(prefix="galway-http-") as folder:
    FOLDER = pathlib.Path(folder)
    fake.authority(folder)
    fake.certificate(folder, "server")
    fake.certificate(folder, "named", san="DNS:abc.example")
    fake.certificate(folder, "client")
    fake.certificate(folder, "app")
    (FOLDER / "loose.key").write_bytes((FOLDER / "client.key").read_bytes())
    (FOLDER / ".netrc").write_text("default login netrc password S3CR3T-netrc\n")
    with fake.Server(answer, folder, "server") as MAIN, fake.Server(answer, folder, "server") as OTHER, \
            fake.Server(answer, folder, "named") as NAMED, fake.Server(answer, folder, "server", client_ca="ca") as MUTUAL, \
            fake.Server(answer, folder, "server") as DRIPS, fake.Server(answer) as PLAIN:
        code = main()
sys.exit(code)
