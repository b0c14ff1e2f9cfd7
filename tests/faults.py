"""What a test finds wrong: told where it is found, and counted. found is the list."""
found = []


def fail(case, text=""):
    found.append(case)
    print(f"WRONG: {case}: {text}", flush=True)


def expect(what, true, more=""):
    if not true:
        fail(what, str(more)[:2000])
