// Elements of the page. Texts only ever become text nodes: nothing here or elsewhere parses markup.

const byId = (id) => document.getElementById(id);

/** An element with attributes (true: present; null or false: absent) and children, strings as text. */
function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(
    ...children
      .flat()
      .filter((child) => child !== null && child !== undefined)
      .map((child) => (child instanceof Node ? child : String(child))),
  );
  return element;
}

/** The choices of a select: [value, text] pairs; keeps the chosen value where it still exists. */
function setOptions(select, pairs, chosen = select.options.length ? select.value : undefined) {
  select.replaceChildren(...pairs.map(([value, text]) => h("option", { value }, text)));
  select.value = String(pairs.some(([value]) => String(value) === String(chosen)) ? chosen : (pairs[0]?.[0] ?? ""));
}

const count = (number) => number.toLocaleString("en");
const counted = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;
const percent = (share, digits = 1) => (100 * share).toFixed(digits);
const signed = (share, digits = 1) => {
  const text = (100 * share).toFixed(digits);
  return Number(text) > 0 ? `+${text}` : Number(text) < 0 ? text.replace("-", "−") : (0).toFixed(digits);
};
const stars = (p) => (p < 0.001 ? "***" : p < 0.01 ? "**" : p < 0.05 ? "*" : "");
const probability = (p) => (p < 0.001 ? "p < 0.001" : `p = ${p.toPrecision(2)}`);

/** A table with a caption; `rows` are arrays of texts, the first of each its header; numbers stand at the right. */
function simpleTable(caption, headers, rows, numeric = (column) => column > 0) {
  const kind = (column) => (numeric(column) ? "number" : null);
  return h(
    "table",
    {},
    h("caption", {}, caption),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        headers.map((text, n) => h("th", { scope: "col", class: kind(n) }, text)),
      ),
    ),
    h(
      "tbody",
      {},
      rows.map((cells) =>
        h(
          "tr",
          {},
          cells.map((cell, n) => (n === 0 ? h("th", { scope: "row" }, cell) : h("td", { class: kind(n) }, cell))),
        ),
      ),
    ),
  );
}
