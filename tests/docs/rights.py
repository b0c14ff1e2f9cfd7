#!/usr/bin/python3
"""docs/permissions.md says the rights in Active Directory three times: for Samba, which is applied to servers by
tests/live/permissions.py, and as dsacls and PowerShell lines, which need Windows. Here each is read as the entries of an access
control list that it makes, by the words of the manuals of the two, and they are the same."""
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import faults  # noqa: E402
from faults import expect  # noqa: E402

PAGE = (pathlib.Path(__file__).resolve().parents[2] / "docs/permissions.md").read_text()
# GUIDs that stand there as they are: the class, and the right of [MS-ADTS] 5.1.3.2.1.
GUIDS = {"5cb41ed0-0e4c-11d0-a286-00aa003049e2": "contact", "1131f6aa-9c07-11d1-f79f-00c04fc2dcd2": "Replicating Directory Changes"}
FLAGS = {None: "", "T": "CI", "S": "CIIO"}  # dsacls: this object; and all below; those below only
INHERIT = {"All": "CI", "Descendents": "CIIO"}  # ActiveDirectorySecurityInheritance
RIGHTS = {"CreateChild": "CC", "DeleteChild": "DC", "ListChildren": "LC", "ReadProperty": "RP", "WriteProperty": "WP"}
# What a domain controller would say, with names in the place of GUIDs; and where the entries go.
SAMBA = """samba-tool() {
    case "$1 $2" in
    "user show") echo "objectSid: SID" ;;
    "dsacl set") printf '%s\\n' "${3#--objectdn=}" "${4#--sddl=}" ;;
    esac
}
ldbsearch() {
    local last
    for last in "$@"; do [[ $last != "(lDAPDisplayName="* ]] || break; done
    last=${last#*=}
    echo "schemaIDGUID: ${last%)}"
}
"""


def block(name):
    found = re.findall(rf"^```\w+ {name}\n(.*?)^```$", PAGE, re.M | re.S)
    expect(f"{name}: is there once", len(found) == 1, len(found))
    return found[0] if found else ""


def entry(flags, rights, what="", below=""):
    kind = "OA" if what or below else "A"
    return kind, flags, frozenset(re.findall("..", rights)), GUIDS.get(what, what), GUIDS.get(below, below)


def entries(sddl):
    return {entry(*parts.split(";")[1:5]) for parts in re.findall(r"\(([^)]*)\)", sddl)}


def of_samba(name):
    text = block(name)
    if text.startswith("python3"):  # by Samba's modules: what it puts in front of what is there
        return re.search(r'search\(f"(CN=[^,]*)', text)[1], entries(re.search(r"\(A;[^)]*\)", text)[0])
    said = subprocess.run(["bash", "-euc", SAMBA + text], capture_output=True, text=True, check=True).stdout.splitlines()
    return said[0], entries(said[1])


def of_dsacls(name):
    dn, made = None, set()
    for line in block(name).splitlines():
        if m := re.fullmatch(r"for %a in \((.*)\) do (.*)", line):
            lines = [m[2].replace("%a", value) for value in m[1].split()]
        else:
            lines = [line]
        for command in lines:
            m = re.fullmatch(r'dsacls "([^"]+)"(?: /I:(.))? (?:/takeownership|/G "?\w+\\galway:([A-Z]+)(?:;([^;"]+))?(?:;([^;"]+))?"?)', command)
            expect(f"{name}: {command[:60]}", m is not None)
            dn = m[1]
            if m[3] == "CA":  # a control access right
                made.add(entry(FLAGS[m[2]], "CR", m[4]))
            elif m[3]:
                made.add(entry(FLAGS[m[2]], m[3], m[4] or "", m[5] or ""))
    return dn, made


def of_powershell(name):
    text, made = block(name), set()

    def rights(words):
        return "".join(RIGHTS[word] for word in words.split(", "))

    names = (re.search(r'^\$names = "(.*)"$', text, re.M) or ["", ""])[1].split()
    for m in re.finditer(r'\(rule "([^"]+)" (\$contact|\(guid \$name\)) (\w+) (\$contact|\(\[guid\]::Empty\))\)', text):
        below = "contact" if m[4] == "$contact" else ""
        for what in ["contact"] if m[2] == "$contact" else names:
            made.add(entry(INHERIT[m[3]], rights(m[1]), what, below))
    for m in re.finditer(r'ActiveDirectoryAccessRule \(Get-ADUser galway\)\.SID, "([^"]+)", Allow\)', text):
        made.add(entry("", rights(m[1])))
    where = set(re.findall(r'[GS]et-Acl "AD:([^"]+)"', text))
    expect(f"{name}: of one object", len(where) == 1, where)
    return where.pop(), made


def same(name, got, want):
    expect(f"{name}: {got[0]}", got[0].startswith(want[0]), want[0])
    for what, some in (("too many", got[1] - want[1]), ("missing", want[1] - got[1])):
        expect(f"{name}: {what}", not some, sorted(map(str, some)))


def main():
    n = 0
    for part, others in (("source", (of_dsacls, of_powershell)), ("get-changes", (of_dsacls,)), ("target", (of_dsacls, of_powershell))):
        samba = of_samba(f"samba-{part}")
        n += len(samba[1])
        for other in others:
            name = other.__name__.removeprefix("of_") + "-" + part
            same(name, other(name), samba)
    expect("there are entries", n > 50, n)
    print(f"rights: {n} entries, {len(faults.found)} faults")
    return 1 if faults.found else 0


if __name__ == "__main__":
    sys.exit(main())
