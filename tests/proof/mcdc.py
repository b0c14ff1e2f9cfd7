#!/usr/bin/python3
"""What clang's coverage of the unit tests says of some files: mcdc.py FOLDER FILE...

FOLDER is a build by the preset mcdc, with profile/ beside. Prints the figures, and on stderr each branch that was not
taken and each condition that never decided alone; 0 when there is none.
"""

import json
import pathlib
import subprocess
import sys

folder, files = pathlib.Path(sys.argv[1]), sys.argv[2:]
raw = sorted((folder / "profile").iterdir())
programs = sorted(p for p in (folder / "tests").glob("test_*_*") if p.is_file())
subprocess.run(["llvm-profdata-19", "merge", "-sparse", "-o", folder / "profile.all", *raw], check=True)
objects = [word for program in programs[1:] for word in ("-object", program)]
told = subprocess.run(["llvm-cov-19", "export", programs[0], *objects, f"-instr-profile={folder / 'profile.all'}", *files],
                      check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
data = json.loads(told)["data"][0]
for file in data["files"]:
    for line, _, _, _, taken, not_taken, *_ in file["branches"]:
        if taken == 0 or not_taken == 0:
            print(f"{file['filename']}:{line}: never {'true' if taken == 0 else 'false'}", file=sys.stderr)
    for line, *_, conditions in file["mcdc_records"]:
        alone = [str(i + 1) for i, covered in enumerate(conditions) if not covered]
        if alone:
            print(f"{file['filename']}:{line}: conditions that never decided alone: {' '.join(alone)}", file=sys.stderr)
known = [file["filename"] for file in data["files"]]
for name in [name for name in files if not any(f.endswith("/" + name) or f == name for f in known)]:
    sys.exit(f"nothing is known of {name}")
branches, conditions = data["totals"]["branches"], data["totals"]["mcdc"]
print(f"by clang {branches['covered']} of {branches['count']}, MC/DC {conditions['covered']} of {conditions['count']} conditions")
sys.exit(branches["covered"] < branches["count"] or conditions["covered"] < conditions["count"])
