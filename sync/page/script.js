"use strict";
// The page is whole without this: it only hides and sorts what stands there.
(() => {
  const steps = [...document.querySelectorAll("tbody[data-op]")];
  const form = document.querySelector("form");
  const shown = document.querySelector("output");
  const words = (step, key) => (step.dataset[key] || "").split("\t").filter(Boolean);

  for (const select of form.querySelectorAll("select")) {
    const values = new Set(steps.flatMap(step => words(step, select.name)));
    for (const value of [...values].sort()) select.add(new Option(value, value));
    select.closest("label").hidden = values.size < 2;
  }

  const text = new Map();
  const textOf = step => {
    if (!text.has(step)) text.set(step, step.textContent.toLowerCase());
    return text.get(step);
  };

  // What an object has many values of, as a new one, is folded: the first rows, and a button for the rest.
  const MANY = 8, FIRST = 4;
  for (const step of steps.filter(step => step.rows.length > MANY)) {
    const rest = [...step.rows].slice(FIRST).filter(row => !row.classList.contains("denied"));
    const more = document.createElement("button");
    // Written by the style sheet, so that nobody finds it who searches.
    const say = () => { more.dataset.label = step.classList.contains("folded") ?
      rest.length + " more values" : "fewer values"; };
    more.type = "button";
    more.className = "more";
    more.addEventListener("click", () => { step.classList.toggle("folded"); say(); });
    rest.forEach(row => row.classList.add("rest"));
    step.classList.add("folded");
    step.rows[0].cells[1].append(more);
    say();
  }

  const filter = () => {
    const chosen = [...form.querySelectorAll("select")].filter(select => select.value !== "");
    const search = form.elements.text.value.trim().toLowerCase();
    let n = 0;
    for (const step of steps) {
      const fits = chosen.every(select => words(step, select.name).includes(select.value)) &&
        (search === "" || textOf(step).includes(search));
      step.hidden = !fits;
      n += fits;
    }
    // What was asked for is not hidden in a fold.
    const every = form.elements.every?.checked || search !== "" || form.elements.attributes.value !== "";
    document.body.classList.toggle("every", every);
    shown.textContent = n + " of " + steps.length + " objects";
  };

  const sort = head => {
    const table = head.closest("table");
    const down = head.getAttribute("aria-sort") === "ascending";
    const order = new Intl.Collator(undefined, { numeric: true });
    const key = step => step.querySelector("." + head.dataset.cell)?.textContent ?? "";
    for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const bodies = [...table.tBodies].map(step => [key(step), step]);
    bodies.sort((a, b) => order.compare(a[0], b[0]) * (down ? -1 : 1));
    table.append(...bodies.map(pair => pair[1]));
  };

  document.body.classList.add("live");
  form.addEventListener("input", filter);
  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  document.addEventListener("click", event => {
    const head = event.target.closest("th");
    if (head !== null) sort(head);
  });
  filter();
})();
