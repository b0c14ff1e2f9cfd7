#!/usr/bin/python3
"""The list of libraries: is it CycloneDX, and does it say what each is and may be used for?   sbom.py PROGRAM [FILE]

Without FILE it is made of the program. The schema is that of CycloneDX's authors, which npm gets; 77 without it.
"""
import json
import pathlib
import re
import subprocess
import sys

import jsonschema

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "web")]
import faults  # noqa: E402
import servers  # noqa: E402
from faults import expect  # noqa: E402


def no_more_items(_, more, instance, schema_):
    """additionalItems, which Debian's jsonschema cannot tell of objects."""
    items = schema_.get("items")
    if more is False and isinstance(items, list) and isinstance(instance, list) and len(instance) > len(items):
        yield jsonschema.ValidationError(f"more than {len(items)}")


def schema():
    folder = servers.installed("../package/cyclonedx") / "node_modules/@cyclonedx/cyclonedx-library/res/schema"
    both = {name: json.loads((folder / name.replace(".schema", ".SNAPSHOT.schema")).read_text())
            for name in ("bom-1.5.schema.json", "spdx.schema.json", "jsf-0.82.schema.json")}
    root = both["bom-1.5.schema.json"]
    # As they refer to each other: by the names that the files have.
    base = root["$id"].rsplit("/", 1)[0]
    known = {f"{base}/{name.replace('.schema', '.SNAPSHOT.schema')}": document for name, document in both.items()}
    kind = jsonschema.validators.extend(jsonschema.Draft7Validator, {"additionalItems": no_more_items})
    return kind(root, resolver=jsonschema.RefResolver(root["$id"], root, store=known))


def against_schema(bom):
    try:
        validator = schema()
    except servers.Missing as e:
        print(f"skipped: sbom: {e}")
        return 77
    wrong = [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in validator.iter_errors(bom)]
    expect("the schema", not wrong, wrong[:5])
    # Could it fail?
    for part, value in (("components", [{"type": "library"}]), ("metadata", {"timestamp": 5}), ("bomFormat", "SPDX"),
                        ("dependencies", [{"dependsOn": []}])):
        expect(f"the schema has nothing against a bad {part}", any(validator.iter_errors({**bom, part: value})))
    broken = json.loads(json.dumps(bom))
    broken["components"][0]["licenses"] = [{"license": {"id": "Expat"}}]
    expect("the schema knows the identifiers of SPDX", any(validator.iter_errors(broken)))
    return 0


def contents(bom, program):
    needed = re.findall(r"NEEDED.*\[(.*)\]", subprocess.run(["readelf", "-dW", program], stdout=subprocess.PIPE, text=True,
                                                            check=True).stdout)
    components = {c["bom-ref"]: c for c in bom["components"]}
    expect("what the program is linked with", len(needed) >= 10 and set(needed) <= set(components), needed)
    expect("what these are linked with", all(set(d["dependsOn"]) <= set(components) for d in bom["dependencies"]))
    for ref, c in components.items():
        expect(f"{ref}: which package", c["version"] and c["purl"].startswith("pkg:deb/debian/"), c)
        expect(f"{ref}: which bytes", len(c["hashes"][0]["content"]) == 64, c)
        expect(f"{ref}: its licences", c.get("licenses"), c)
    names = {ref: {tuple(x["license"].values())[0] for x in c.get("licenses", [])} for ref, c in components.items()}
    for soname, some in (("libcurl.so.4", {"curl"}), ("libcrypto.so.3", {"Apache-2.0"}), ("libjansson.so.4", {"MIT"}),
                         ("libsqlite3.so.0", {"public-domain"}), ("libunistring.so.2", {"LGPL-3.0-or-later", "GPL-2.0-or-later"}),
                         ("libc.so.6", {"see /usr/share/doc/libc6/copyright"})):
        expect(f"{soname}: {some}", some <= names.get(soname, set()), names.get(soname))


def main():
    program = sys.argv[1]
    text = pathlib.Path(sys.argv[2]).read_text() if len(sys.argv) > 2 else subprocess.run(
        [sys.executable, HERE.parents[1] / "packaging/sbom.py", program], stdout=subprocess.PIPE, text=True, check=True).stdout
    bom = json.loads(text)
    contents(bom, program)
    code = against_schema(bom)
    print(f"sbom: {len(bom['components'])} libraries, {len(faults.found)} faults")
    return 1 if faults.found else code


if __name__ == "__main__":
    sys.exit(main())
