#!/usr/bin/python3
"""Plans as DSMLv2, done by somebody else: Apache Directory's Dsmlv2Engine (Debian's libapache-directory-api-java), to OpenLDAP. Each is
valid by the schema; afterwards the contacts are as the contract wants them, and galway itself has nothing left to write."""
import pathlib
import re

import changes
import scenario
import server
import slapd
from openldap import two_sides

JAVA = pathlib.Path("/usr/share/java")
JARS = [JAVA / f"{name}.jar" for name in ("apache-directory-api-all", "antlr", "commons-codec", "commons-collections4", "commons-lang3", "commons-pool2",
                                          "commons-text", "dom4j", "mina2-core", "slf4j-api", "slf4j-nop", "xpp3")]
STEPS = [changes.modify, changes.rename, changes.delete, changes.come_back]
REQUESTS = ("addRequest", "modifyRequest", "modDNRequest", "delRequest")


def engine(target, plan):
    """How many of each request it did."""
    told = server.command("java", "-Xshare:auto", "-cp", ":".join(map(str, JARS)), server.HERE / "Dsml.java",
                          server.HERE / "schema" / "dsml.xsd", target.url, target.admin, target.password, plan, timeout=120).stdout
    asked = [len(re.findall(f"<{name} ", plan.read_text())) for name in REQUESTS]
    codes = re.findall(r'<resultCode code="(\d+)"', told)
    if codes != ["0"] * sum(asked):
        raise server.Failure(f"{plan}: {sum(asked)} requests were answered by {codes}: {told}")
    return asked


def test(options):
    server.need("java", "javac", package="default-jdk-headless")
    for jar in JARS:
        if not jar.exists():
            raise server.Skip(f"{jar} is not there (package libapache-directory-api-java)")
    done = [0] * len(REQUESTS)
    with two_sides(["syncprov"], full_after=slapd.FULL_AFTER) as (folder, sides):
        pair = scenario.Pair(options, folder, sides, ["abc-to-xyz"])
        for side in sides:
            side.populate()
        for change in (None, *STEPS):
            if change is not None:
                change(sides[0])
            plan = folder / "plan.xml"
            pair.run("diff", "--full", "--format", "dsml", "-o", plan, codes=(1,))
            done = [a + b for a, b in zip(done, engine(sides[1].directory, plan))]
            before = sides[1].state()
            pair.run("sync", "--full")
            if sides[1].state() != before:
                raise server.Failure(f"{change}: galway wrote after the plan was done")
            pair.verify(f"{change}")
    if 0 in done:
        raise server.Failure(f"not all kinds of requests were done: {dict(zip(REQUESTS, done))}")


if __name__ == "__main__":
    server.run(test)
