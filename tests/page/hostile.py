"""A source whose names and values want to be run by whoever shows them, and a target that they go to."""
import base64
import pathlib
import subprocess

CONFIG = """state = "state.db"
connector abc {
    type = ldif
    file = "abc.ldif"
    smtp-domains = {"abc.example"}
}
connector xyz {
    type = ldif
    file = "xyz.ldif"
    smtp-domains = {"xyz.example"}
}
flow abc-to-xyz {
    source = abc
    target = xyz
    into = "OU=GAL,DC=xyz,DC=example"
    authority-of { pager = xyz }
}
"""
XYZ = """dn: DC=xyz,DC=example
objectClass: domain

dn: OU=GAL,DC=xyz,DC=example
objectClass: organizationalUnit
"""
MARKUP = ["<script>document.title='run'</script>", "<img src=x onerror=\"document.title='run'\">",
          "\"><svg onload=document.title='run'>", "' onmouseover=document.title='run' x='",
          "</title></style></script><!--", "<a href=javascript:document.title='run'>x</a>", "]]><b>", "&lt;script&gt;",
          "<iframe src=http://evil.example></iframe>", "<meta http-equiv=refresh content=0;url=http://evil.example>"]
FORMULAS = ["=HYPERLINK(\"http://evil.example\")", "=cmd|' /C calc'!A0", "@SUM(1)", "+1+1", "-2+3", "x;=1+1", "y;\"=1+1\"",
            " =1+1", "\"=1+1", "z; ;-1"]
# For a terminal: colour, its title, erasing, the 8-bit CSI, an answer-back; DEL, backspace, a line of its own.
CONTROLS = ["\x1b[31mred", "\x1b]0;title\x07", "\x1b[2J\x1b[H", "\u009b31m", "\x1b[6n", "a\x7f\x08b", "a\r\ngalway: error: no", "\x1bc"]
# These are no control characters: the order of what is read is turned, or it cannot be seen.
BIDI = ["\u202egnp.exe", "\u2066a\u2069", "\u200bzero", "\u061cx", "\u200fx", "\ufeffbom", "a\u2028b", "\u00adsoft", "\U000e0041tag"]
INVISIBLE = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u200c\u200d\u200e\u200f\u061c\u2028\u2029\u00ad\ufeff\U000e0041"
# Attributes that the rules carry over as they are; pager is the target's, so that it is denied.
CARRIED = ["title", "department", "company", "physicalDeliveryOfficeName", "streetAddress", "l", "st", "description", "info",
           "wWWHomePage", "pager", "extensionAttribute1"]


def line(name, value):
    return f"{name}:: {base64.b64encode(value.encode()).decode()}\n"


def escaped(value):
    """As the value of an RDN (RFC 4514)."""
    return "".join("\\" + c if c in ',+"\\<>;=' or (c in " #" and i == 0) else c for i, c in enumerate(value))


def user(n, cn, values):
    # The last letter of each is its own, so that no two people have one name.
    text = line("dn", f"CN={escaped(cn)}{n},DC=abc,DC=example") + "objectClass: user\n"
    text += line("objectGUID", f"hostile-{n:08}") + line("cn", f"{cn}{n}") + line("displayName", f"{cn}{n}")
    text += f"sAMAccountName: user{n}\nmail: user{n}@abc.example\nproxyAddresses: SMTP:user{n}@abc.example\n"
    return text + "".join(line(name, value) for name, value in values.items()) + "\n"


def make(folder):
    people = ["dn: DC=abc,DC=example\nobjectClass: domain\n\n"]
    values = MARKUP + FORMULAS + BIDI
    for n, cn in enumerate(values + CONTROLS):
        some = {name: values[(n + k) % len(values)] for k, name in enumerate(CARRIED)}
        people.append(user(n, cn, some))
    people.append(user(900, "Long", {"title": "W" * 120, "description": "m" * 400}))
    folder = pathlib.Path(folder)
    (folder / "abc.ldif").write_text("".join(people))
    (folder / "xyz.ldif").write_text(XYZ)
    (folder / "galway.conf").write_text(CONFIG)
    return folder


def galway(program, folder, *args, messages=True):
    """The exit code and what was printed, with the messages or without."""
    done = subprocess.run([program, "-c", str(folder / "galway.conf"), *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT if messages else subprocess.DEVNULL, check=False)
    return done.returncode, done.stdout
