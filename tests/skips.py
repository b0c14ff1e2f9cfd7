#!/usr/bin/python3
"""Was a test skipped that should not have been? For CI, which installs what they need.

    skips.py TESTS.XML          as ctest writes it

Ends with 1, and the names, when one was skipped for another reason than those of the table.
"""
import re
import sys
import xml.etree.ElementTree

# Tests: what they say when they are skipped, and why that is nobody's fault. All that they skip must be for that reason.
MAY = [
    ("live_389 live_ldap_read live_ldap_write live_permissions live_probe", r"only root and dirsrv may read",
     "CI need not be root, and 389-ds keeps its configuration to itself"),
    ("sbom web_exo web_graph web_graph_described web_http web_scim", r"npm (cannot install|does not get)",
     "what npm gets is no package of Debian's, and nobody's registry always answers"),
]


def excuse(name, said):
    """Why the test may be skipped; None: it may not."""
    told = [line for line in said.splitlines() if re.match("skipped: ", line)]
    for names, words, why in MAY:
        if told and name in names.split() and all(re.search(words, line) for line in told):
            return why
    return None


def main():
    wrong, tests = 0, xml.etree.ElementTree.parse(sys.argv[1]).getroot().findall("testcase")
    for test in tests:
        if test.find("skipped") is None:
            continue
        name, said = test.get("name"), test.findtext("system-out") or ""
        why = excuse(name, said)
        wrong += why is None
        print(f"{name}: was skipped, {why}" if why else f"FAILED {name}: was skipped:\n{said.strip()[-1000:]}")
    if not tests:
        print(f"FAILED: {sys.argv[1]} has no tests")
    return 1 if wrong or not tests else 0


if __name__ == "__main__":
    sys.exit(main())
