#!/usr/bin/python3
"""What the program is made of: sbom.py PROGRAM

A CycloneDX 1.5 document: the program, every library that is loaded with it, which of them wants which, and the Debian
package that each is of. Read from the program itself, so that no list has to be kept.
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


def component(soname, path):
    package, version, architecture = package_of(path)
    return {"type": "library", "bom-ref": soname, "name": package, "version": version,
            "purl": f"pkg:deb/debian/{package}@{version.replace('+', '%2B').replace(':', '%3A')}?arch={architecture}",
            "hashes": [{"alg": "SHA-256", "content": sha256(path)}],
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
