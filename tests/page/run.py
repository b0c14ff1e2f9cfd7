#!/usr/bin/python3
"""The HTML reports in a browser: run.py GALWAY [FOLDER], the folder for pictures of them.

They load without a complaint, filter, sort, fold and print; fit a screen and a telephone; can be read, light and
dark; and a hostile directory does nothing in them. Ends with 77 where there is no Chromium.
"""
import json
import pathlib
import re
import shutil
import sys
import tempfile

import browser
import hostile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import faults  # noqa: E402
from faults import fail  # noqa: E402

GALWAY = sys.argv[1]
PICTURES = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
MERGER = pathlib.Path(__file__).parents[2] / "examples/merger"
ELEMENTS = """HTML HEAD META TITLE STYLE BODY HEADER H1 H2 H3 FORM LABEL INPUT SELECT OPTION BUTTON OUTPUT SECTION SMALL TIME DIV UL
LI B P FIGURE svg g rect title FIGCAPTION TABLE THEAD TBODY TR TH TD SPAN WBR SCRIPT""".split()

SHOWN = "[...document.querySelectorAll('tbody')].filter(body => body.checkVisibility())"
# The contrast of WCAG 2.1, 1.4.3: 4.5 of text to what is behind it. The least of the page, and where it is.
CONTRAST = """(() => {
  const parts = text => text.match(/[\\d.]+/g).map(Number);
  const light = rgb => { const [r, g, b] = rgb.map(c => c / 255).map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b; };
  const behind = e => { for (; e; e = e.parentElement) { const c = parts(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c.slice(0, 3); } return [255, 255, 255]; };
  let least = [99, ""];
  for (const e of document.body.querySelectorAll("*")) {
    if (!e.checkVisibility() || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || e.closest("svg, option")) continue;
    const [a, b] = [light(parts(getComputedStyle(e).color).slice(0, 3)), light(behind(e))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < least[0]) least = [ratio, e.outerHTML.slice(0, 80)];
  }
  return least; })()"""
# Cells whose text is wider than they are, or that leave the screen. On a telephone nobody sees the heads.
WIDE = """[...document.querySelectorAll("td, th, .message, li, .verdict")].filter(e => e.checkVisibility() &&
  (e.tagName !== "TH" || innerWidth > 720) && (e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== "inline" || e.getBoundingClientRect().right > innerWidth + 1))
  .map(e => e.outerHTML.slice(0, 80))"""


def expect(case, got, want):
    if got != want:
        fail(case, f"{got!r}, not {want!r}")


def choose(page, name, value):
    page.eval(f"""(() => {{ const e = document.forms[0].elements[{name!r}];
        if (e.type === "checkbox") e.checked = {str(bool(value)).lower()}; else e.value = {value!r};
        e.dispatchEvent(new Event("input", {{bubbles: true}})); }})()""")


def reset(page):
    page.eval("document.forms[0].elements.text.form.querySelector('[type=reset]').click()")
    page.eval("new Promise(done => setTimeout(done))")


def quiet(page, case, path):
    """It asked for nothing but itself, and the browser had nothing to say."""
    expect(case, page.complaints, [])
    expect(case, page.requests, [path.resolve().as_uri()])


def filters(page):
    n = page.eval(f"{SHOWN}.length")
    for name in "op", "flow", "rule", "attributes":
        values = page.eval(f"[...document.forms[0].elements.{name}.options].map(o => o.value)")
        if len(values) < 3:
            fail("filter " + name, f"only {values}")
        for value in values[1:4]:
            choose(page, name, value)
            fits = f"(body.dataset[{name!r}] || '').split('\\t').includes({value!r})"
            expect(f"filter {name}={value}", page.eval(f"{SHOWN}.every(body => {fits})"), True)
            expect(f"filter {name}={value}", page.eval(f"{SHOWN}.length"),
                   page.eval(f"[...document.querySelectorAll('tbody')].filter(body => {fits}).length"))
        choose(page, name, "")
    choose(page, "text", "Ann sMITH")
    found = page.eval(f"{SHOWN}.length")
    if not 0 < found < n or not page.eval(f"{SHOWN}.every(body => /ann smith/i.test(body.textContent))"):
        fail("search", f"{found} of {n}")
    expect("search", page.eval("document.querySelector('output').textContent"), f"{found} of {n} objects")
    choose(page, "text", "more values")
    expect("what the page says itself is not found", page.eval(f"{SHOWN}.length"), 0)
    reset(page)
    expect("reset", page.eval(f"{SHOWN}.length"), n)


def sorts(page, steps):
    for cell in "op", "object", "attribute", "old", "new":
        order = f"[...document.querySelector('table').tBodies].map(b => b.querySelector('td.{cell}')?.textContent ?? '')"
        for way in "ascending", "descending":
            page.eval(f"document.querySelector('th[data-cell={cell}] button').click()")
            expect(f"sort {cell}", page.eval(f"document.querySelector('th[data-cell={cell}]').ariaSort"), way)
            got = page.eval(order)
            want = page.eval(f"{order}.sort(new Intl.Collator(undefined, {{numeric: true}}).compare)")
            expect(f"sort {cell} {way}", got, want if way == "ascending" else want[::-1])
    # By rule: by its name, which stands under the object, and not by the line of the rule file.
    rules = sorted(step["rule"] for step in steps)
    expect("rules to sort by", len(set(rules)) > 4, True)
    for want in rules, rules[::-1]:
        page.eval("[...document.querySelectorAll('th button')].find(e => e.textContent === 'rule').click()")
        expect("sort by rule", page.eval("[...document.querySelector('table').tBodies]"
               ".map(b => b.querySelector('td.object').textContent.match(/rule (\\w+)/)[1])"), want)
    expect("one column is sorted by", page.eval("document.querySelectorAll('table')[0].querySelectorAll('[aria-sort]').length"), 1)


def charted(page, label):
    """A chart as it is drawn: of each rectangle the class, where it begins, how wide and how high it is, and what it stands on."""
    return page.eval(f"""[...document.querySelectorAll("svg[aria-label='{label}'] rect")].map(e => {{
        const box = e.getBoundingClientRect(), all = e.closest("svg").getBoundingClientRect();
        return [e.getAttribute("class"), ...[box.left - all.left, box.width, box.height, all.bottom - box.bottom].map(x => Math.round(x * 10) / 10)]; }})""")


def words(page, label, what):
    return page.eval(f"[...document.querySelector(`svg[aria-label='{label}']`).closest('figure').querySelectorAll('{what}')].map(e => e.textContent)")


def charts(page, pages):
    """A history that is known: see history()."""
    page.open(pages["history-first"])
    expect("operations of the first run", charted(page, "operations"), [["add", 0, 320, 16, 0]])
    expect("runs before the first", page.eval("document.querySelector(`svg[aria-label='the last runs']`)"), None)
    page.open(pages["history-second"])
    expect("operations of a plan of nothing", page.eval("document.querySelector('svg[aria-label=operations]')"), None)
    expect("the first run, on the right", charted(page, "the last runs"), [["none", 290, 8, 1, 0], ["add", 290, 8, 50, 0]])
    expect("the first run", words(page, "the last runs", "figcaption"), ["the last run"])
    page.open(pages["history"])
    # Of 16 objects 1 is in conflict, 1 denied, 10 are modified (the denied one, too) and 4 new.
    expect("operations", charted(page, "operations"),
           [["conflict", 0, 20, 16, 0], ["denied", 20, 20, 16, 0], ["modify", 40, 200, 16, 0], ["add", 240, 80, 16, 0]])
    expect("operations", words(page, "operations", "title, figcaption"), ["1 in conflict", "1 denied", "10 modified", "4 added", "operations"])
    # The most of a run is 50 high, and 8 here; a run of nothing is a line; one that did not come to its end stands out.
    still = [["none", 10 * i, 8, 1, 0] for i in range(27)]
    expect("the last runs", charted(page, "the last runs"),
           [*still, ["none", 270, 8, 1, 0], ["modify", 270, 8, 50, 0],
            ["none", 280, 8, 1, 0], ["add", 280, 8, 12.5, 0], ["modify", 280, 8, 25, 12.5], ["failed", 290, 8, 12, 0]])
    expect("the last runs", words(page, "the last runs", "figcaption"), ["the last 30 runs"])
    titles = [re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", "TIME", title) for title in words(page, "the last runs", "title")]
    expect("the last runs", [title.split(",")[:2] for title in titles], [[f"run {n}", " TIME"] for n in range(4, 34)])
    expect("the last runs", titles[-4:], ["run 30, TIME, delta", "run 31, TIME, delta, 8 modified", "run 32, TIME, delta, 4 modified, 2 added",
                                          "run 33, TIME, refused"])


def worst_first(page, pages):
    """The rows as they stand before a click: what is in conflict, then what is denied, then the rest, each in the order of the plan."""
    page.open(pages["history"])
    rows = page.eval("[...document.querySelector('table').tBodies]"
                     ".map(b => [b.querySelector('td.object b').textContent, b.querySelector('td.op').textContent])")
    expect("the order of the rows", rows, [["P\\x1b90", "conflict"], ["P7", "modifydenied"], *[[f"P{n}", "add"] for n in (12, 13, 14, 15)],
                                           *[[f"P{n}", "modify"] for n in (0, 1, 2, 3, 4, 5, 6, 8, 9)]])


def folds(page):
    rows = "[...document.querySelector('tbody.folded, tbody.unfolded').rows].filter(row => row.checkVisibility()).length"
    page.eval("document.querySelector('tbody.folded').classList.add('unfolded')")
    few = page.eval(rows)
    page.eval("document.querySelector('.unfolded button.more').click()")
    many = page.eval(rows)
    if not 0 < few < 9 < many:
        fail("fold", f"{few} rows, and {many} after a click")
    page.eval("document.querySelector('.unfolded button.more').click()")
    expect("folded again", page.eval(rows), few)
    choose(page, "every", True)
    expect("every value", page.eval(rows), many)
    reset(page)
    choose(page, "attributes", "mobile")
    expect("an attribute that is asked for", page.eval(f"{SHOWN}.every(b => [...b.querySelectorAll('td.attribute')]"
           ".some(td => td.textContent === 'mobile' && td.checkVisibility()))"), True)
    reset(page)


def prints(page):
    page.look(1030, media="print")
    expect("on paper", page.eval("document.querySelector('form').checkVisibility()"), False)
    expect("on paper", page.eval("[...document.querySelectorAll('.rest')].every(row => row.checkVisibility())"), True)
    page.look(1280)
    paper = page.pdf()
    if not paper.startswith(b"%PDF-") or paper.count(b"/Type /Page\n") < 2:
        fail("paper", f"{len(paper)} bytes that begin with {paper[:8]!r}")


def looks(page, name, path):
    for width in 1280, 390:
        for dark in False, True:
            case = f"{name}, {width} wide, {'dark' if dark else 'light'}"
            page.look(width, dark)
            page.open(path)
            quiet(page, case, path)
            ratio, where = page.eval(CONTRAST)
            if ratio < 4.5:
                fail(case, f"contrast {ratio:.1f}: {where}")
            paper = [int(part) for part in page.eval("getComputedStyle(document.body).backgroundColor")[4:-1].split(",")]
            expect(case + ": the paper is dark", sum(paper) < 300, dark)
            expect(case + ": wider than the screen", page.eval("document.documentElement.scrollWidth"), width)
            expect(case + ": too wide", page.eval(WIDE), [])
            if PICTURES is not None:
                page.picture(PICTURES / f"{name}-{width}-{'dark' if dark else 'light'}.png")


def harmless(page, case, path):
    """What is hostile is text, and what would slip in is not run."""
    page.look(1280)
    page.open(path)
    choose(page, "every", True)
    expect(case, page.eval("[...new Set([...document.querySelectorAll('*')].map(e => e.tagName))]"
                           f".filter(name => !{ELEMENTS!r}.includes(name))"), [])
    expect(case, page.eval("[...document.querySelectorAll('*')].flatMap(e => [...e.attributes])"
                           ".filter(a => /^on|^style$|^src$|^href$/.test(a.name)).map(a => a.name)"), [])
    text = page.eval("document.body.textContent")
    for value in hostile.MARKUP:
        if value not in text:
            fail(case, f"{value!r} is not there as text")
    if any(c in text for c in hostile.INVISIBLE) or "\\xe2\\x80\\xae" not in text:
        fail(case, "marks that turn text, or not told")
    quiet(page, case, path)
    # Were something to slip in, the page's own policy stops it.
    for way in ("<img src=x>", "<img src=data:, onerror=\"document.title='run'\">", "<iframe srcdoc='<script>top.document.title=1</script>'></iframe>",
                "<style>body { display: none }</style>"):
        page.complaints.clear()
        page.eval(f"document.body.insertAdjacentHTML('beforeend', {way!r})")
        page.eval("new Promise(done => setTimeout(done, 50))")
        if not any("Content Security Policy" in said for said in page.complaints):
            fail(case, f"{way}: the policy let it in: {page.complaints}")
    expect(case, page.eval("document.title.startsWith('galway') && document.body.checkVisibility()"), True)


def history(home, pages):
    """Of 33 runs: the first adds 10, the 31st modifies 8, the next 4 and adds 2; the last wants to delete 10 and is refused; 29 do nothing.

    And a plan after them."""
    folder = home / "history"
    folder.mkdir()
    hostile.make(folder)
    (folder / "galway.conf").chmod(0o600)
    runs = 0

    def people(titles, *more):
        entries = [hostile.user(n, "P", {"title": title}) for n, title in enumerate(titles)]
        (folder / "abc.ldif").write_text("dn: DC=abc,DC=example\nobjectClass: domain\n\n" + "".join([*entries, *more]))

    def run(want, *args, page=None):
        nonlocal runs
        runs += args[0] == "sync"
        if page is not None:
            pages[page] = home / (page + ".html")
            args += "--format", "html", "-o", str(pages[page])
        expect(f"history, run {runs}", hostile.galway(GALWAY, folder, *args)[0], want)

    people(["old"] * 10)
    run(0, "sync", page="history-first")
    run(0, "diff", page="history-second")
    for _ in range(29):
        run(0, "sync")
    people(["new"] * 8 + ["old"] * 2)
    run(0, "sync")
    people(["old"] * 4 + ["new"] * 4 + ["old"] * 4)
    run(0, "sync")
    people(["old"] * 2)
    run(3, "sync")
    people(["newer"] * 10 + ["old"] * 6, hostile.user(90, "P\x1b", {}))
    (folder / "abc.ldif").write_text((folder / "abc.ldif").read_text().replace("sAMAccountName: user7\n", "sAMAccountName: user7\npager: 7\n"))
    run(1, "diff", page="history")


def reports(home):
    """The pages: (name, file)."""
    folder = home / "merger"
    shutil.copytree(MERGER, folder)
    conf = folder / "galway.conf"
    conf.chmod(0o600)
    conf.write_text(conf.read_text().replace("    into ", "    authority-of { pager = xyz }\n    into ", 1))
    pages = {}

    def page(name, where, *args):
        pages[name] = home / (name + ".html")
        code, said = hostile.galway(GALWAY, where, *args, "--format", "html", "-o", str(pages[name]))
        if code not in (0, 1, 4) or not pages[name].exists():
            fail(name, f"ended with {code}: {said.decode()}")

    page("first", folder, "diff")
    hostile.galway(GALWAY, folder, "diff", "--format", "json", "-o", str(pages["first"].with_suffix(".json")))
    page("sync", folder, "sync")
    source = folder / "abc.ldif"
    source.write_text(source.read_text().replace("title: Engineer", "title: Chief").replace("cn: Eva Lind", "cn: Eva Berg"))
    page("later", folder, "diff", "--full")
    code, text = hostile.galway(GALWAY, folder, "preflight", "--format", "html", messages=False)
    pages["preflight"] = home / "preflight.html"
    pages["preflight"].write_bytes(text)
    bad = home / "bad"
    bad.mkdir()
    hostile.make(bad)
    page("hostile", bad, "diff")
    page("hostile-sync", bad, "sync")
    code, text = hostile.galway(GALWAY, bad, "preflight", "--format", "html", messages=False)
    pages["hostile-preflight"] = home / "hostile-preflight.html"
    pages["hostile-preflight"].write_bytes(text)
    history(home, pages)
    return pages


def main():
    if shutil.which("chromium") is None:
        print("page: skipped: there is no chromium")
        return 77
    with tempfile.TemporaryDirectory(prefix="galway-page-") as home, browser.Browser() as page:
        pages = reports(pathlib.Path(home))
        page.look(1280)
        page.open(pages["first"])
        filters(page)
        folds(page)
        sorts(page, json.loads((pages["first"].with_suffix(".json")).read_text())["flows"][0]["steps"])
        prints(page)
        quiet(page, "first", pages["first"])
        charts(page, pages)
        worst_first(page, pages)
        for name in ("first", "later", "preflight", "hostile") if PICTURES is None else pages:
            looks(page, name, pages[name])
        for name in "hostile", "hostile-sync":
            harmless(page, name, pages[name])
    print(f"page: {len(pages)} pages, {len(faults.found)} faults")
    return bool(faults.found)


if __name__ == "__main__":
    sys.exit(main())
