"""Two small directories with names that somebody hostile may have chosen, and a configuration for them."""
import base64
import pathlib
import tempfile

HOSTILE = ["\x1b[2J\x1b]0;title\x07", "a\r\nMESSAGE=forged", "\u202eright\u200b", '"}\n{"level":"error"', "Person"]
CONF = """
state = "state.db"
%s
connector abc { type = ldif file = "abc.ldif" base = "DC=abc" }
connector xyz { type = ldif file = "xyz.ldif" base = "DC=xyz" }
flow abc-to-xyz { source = abc target = xyz into = "OU=GAL,DC=xyz" }
"""


def person(n, name):
    name = base64.b64encode(f"{name} {n}".encode()).decode()
    return (f"dn: CN=p{n},DC=abc\nobjectClass: user\nobjectGUID: guid-{n}\ncn: p{n}\nsAMAccountName: p{n}\nmail: p{n}@abc.example\n"
            f"proxyAddresses: SMTP:p{n}@abc.example\nlegacyExchangeDN: /o=abc/cn=p{n}\ndisplayName:: {name}\n\n")


def make(folder, people=5, settings="", hostile=False):
    """A new folder with all that a sync needs; the path of its configuration."""
    at = pathlib.Path(tempfile.mkdtemp(dir=folder))
    for name, text in (
            ("abc.ldif", "version: 1\n\n" + "".join(person(n, HOSTILE[n % len(HOSTILE)] if hostile else "Person") for n in range(people))),
            ("xyz.ldif", "version: 1\n\ndn: OU=GAL,DC=xyz\nobjectClass: organizationalUnit\nobjectGUID: gal\nou: GAL\n\n"),
            ("galway.conf", CONF % settings)):
        (at / name).write_text(text)
        (at / name).chmod(0o600)
    return at / "galway.conf"
