#!/usr/bin/python3
"""What the program is made of: sbom.py PROGRAM

A CycloneDX 1.5 document: the program, every library that is loaded with it, which of them wants which, and the Debian
package that each is of, with the licences that its copyright file names. Read from the program itself, so that no list has
to be kept.
"""
import datetime
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import uuid


# Debian's short names that are another identifier's in SPDX; any other is told as a name.
SPDX = {
    "Apache-2.0": "Apache-2.0", "BSD-2-clause": "BSD-2-Clause", "BSD-3-clause": "BSD-3-Clause", "BSD-3-Clause": "BSD-3-Clause",
    "BSD-4-clause": "BSD-4-Clause", "Expat": "MIT", "ISC": "ISC", "MIT": "MIT", "OpenLDAP-2.8": "OLDAP-2.8", "Zlib": "Zlib",
    "curl": "curl", "GFDL-1.3": "GFDL-1.3-only", "GFDL-1.3+": "GFDL-1.3-or-later"}
for short, spdx in (("GPL-2", "GPL-2.0"), ("GPL-3", "GPL-3.0"), ("LGPL-2", "LGPL-2.0"), ("LGPL-2.1", "LGPL-2.1"), ("LGPL-3", "LGPL-3.0")):
    SPDX[short], SPDX[short + "+"] = spdx + "-only", spdx + "-or-later"


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def needed(path):
    return re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-dW", path))


def package_of(path):
    """(package, version, architecture) of a file; dpkg knows it by one of its names."""
    real = os.path.realpath(path)
    for name in (path, real, real.removeprefix("/usr")):
        done = subprocess.run(["dpkg-query", "-S", name], check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True)
        if done.returncode == 0:
            package = done.stdout.split(": ")[0].split(", ")[0]
            return run("dpkg-query", "-W", "-f", "${Package} ${Version} ${Architecture}", package).split()
    raise SystemExit(f"sbom: {path}: of no Debian package")


def licenses(package):
    """What the package's copyright file names, where it is in the form of DEP 5; else where to read it. They are the package's:
    of which files each is, the file says."""
    path = pathlib.Path("/usr/share/doc") / package / "copyright"
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    names = [name for line in re.findall(r"^License:[ \t]*(\S.*)$", text, re.M)
             for name in re.split(r"\s+(?:or|and)\s+|,\s*(?:or|and)?\s*|\s+with\s+.*$", line) if name]
    if not text.startswith("Format") or not names:
        return [{"license": {"name": f"see {path}"}}]
    ids = {SPDX[name] for name in names if name in SPDX}
    return [{"license": {"id": i}} for i in sorted(ids)] + [{"license": {"name": n}} for n in sorted(set(names) - set(SPDX))]


def component(soname, path):
    package, version, architecture = package_of(path)
    return {"type": "library", "bom-ref": soname, "name": package, "version": version,
            "purl": f"pkg:deb/debian/{package}@{version.replace('+', '%2B').replace(':', '%3A')}?arch={architecture}",
            "hashes": [{"alg": "SHA-256", "content": sha256(path)}], "licenses": licenses(package),
            "properties": [{"name": "galway:soname", "value": soname}]}


def main():
    program = sys.argv[1]
    version = run(program, "--version").split()[1]
    loaded = dict(re.findall(r"^\s*(?:(\S+) => )?(/\S+) \(0x", run("ldd", program), re.M))
    # The loader has no name before the arrow.
    files = {soname or os.path.basename(path): path for soname, path in loaded.items()}
    digest = sha256(program)
    moment = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH") or 0), datetime.timezone.utc)
    document = {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "serialNumber": "urn:uuid:" + str(uuid.uuid5(uuid.NAMESPACE_OID, digest)),
        "metadata": {"timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
                     "component": {"type": "application", "bom-ref": "galway", "name": "galway", "version": version,
                                   "licenses": [{"license": {"id": "MIT"}}],
                                   "hashes": [{"alg": "SHA-256", "content": digest}]}},
        "components": [component(soname, path) for soname, path in sorted(files.items())],
        "dependencies": [{"ref": "galway", "dependsOn": sorted(needed(program))}] +
                        [{"ref": soname, "dependsOn": sorted(needed(path))} for soname, path in sorted(files.items())]}
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
