// The browser of answers: filters, list and item, all in the address, so that every view is a link.

const browser = { filters: { ...NO_FILTERS }, run: null, at: 0, turn: 0 };
const FIELDS = {
  suite: "by-suite",
  model: "by-model",
  protocol: "by-protocol",
  verdict: "by-verdict",
  other: "by-other",
  change: "by-change",
  search: "search",
};
const CHECKS = { unparsed: "only-unparsed", truncated: "only-truncated", disagreeing: "only-disagreeing", raw: "as-written" };
const PAUSE = 150; // milliseconds without a key before a search starts

/** The address of the answers with these filters; with `run` (its id) and `at`, of one answer. */
function answersLink(wanted) {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(wanted)) {
    if (value !== "" && value !== null && !(name === "protocol" && value === data.protocols[0])) words.set(name, value);
  }
  const text = words.toString();
  return text ? `#answers?${text}` : "#answers";
}

function startBrowser() {
  const models = data.models.map((name) => [name, name]);
  setOptions(byId("by-suite"), [["", "all suites"], ...data.columns.map((column) => [column.label, column.label])]);
  setOptions(byId("by-model"), [["", "all models"], ...models]);
  setOptions(
    byId("by-protocol"),
    data.protocols.map((name) => [name, name]),
  );
  setOptions(byId("by-verdict"), [
    ["", "any"],
    ["right", "right"],
    ["wrong", "wrong"],
    ["none", "no verdict"],
    ["failed", "error or not answered"],
  ]);
  setOptions(byId("by-other"), [["", "no other"], ...models]);
  setOptions(byId("by-change"), [
    ["", "any"],
    ["flipped", "flipped"],
    ["gained", "right here, wrong there"],
    ["lost", "wrong here, right there"],
  ]);
  byId("only-disagreeing").disabled = data.protocols.length < 2;
  let timer = 0;
  byId("filters").addEventListener("input", (event) => {
    clearTimeout(timer);
    timer = setTimeout(readFilters, event.target.id === "search" ? PAUSE : 0);
  });
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("filters").addEventListener("reset", () => setTimeout(readFilters));
  startList((index, at, byHand) => {
    [browser.run, browser.at] = [data.runs[index], at];
    remember();
    showItem(browser.run, at);
    if (byHand && window.matchMedia("(max-width: 60rem)").matches) byId("item").scrollIntoView();
  });
  if (window.matchMedia("(max-width: 60rem)").matches) byId("more-filters").open = false;
  byId("zoom").addEventListener("click", () => byId("zoom").close());
  document.addEventListener("keydown", keys);
}

/** The filters and the chosen answer of an address. What it does not name, or names wrongly, is as at first. */
function openAnswers(query) {
  const words = new URLSearchParams(query);
  for (const [name, id] of Object.entries(FIELDS)) {
    const field = byId(id),
      value = words.get(name) ?? "";
    if (field.tagName === "INPUT") field.value = value;
    else
      setOptions(
        field,
        [...field.options].map((option) => [option.value, option.text]),
        value,
      );
  }
  for (const [name, id] of Object.entries(CHECKS)) byId(id).checked = words.has(name);
  browser.run = data.runs.find((run) => run.id === words.get("run")) ?? null;
  const at = Number(words.get("at") ?? 0);
  browser.at = browser.run && Number.isInteger(at) && at >= 0 && at < browser.run.size ? at : 0;
  return readFilters();
}

async function readFilters() {
  const turn = ++browser.turn,
    filters = { ...NO_FILTERS };
  byId("answers").dataset.busy = "";
  for (const [name, id] of Object.entries(FIELDS)) filters[name] = byId(id).value;
  for (const [name, id] of Object.entries(CHECKS)) filters[name] = byId(id).checked ? "1" : "";
  byId("by-change").disabled = filters.other === "";
  if (filters.other === "") filters.change = byId("by-change").value = "";
  browser.filters = filters;
  const found = filters.search
    ? await searched(
        filters,
        (text) => {
          byId("count").textContent = text;
        },
        () => turn === browser.turn,
      )
    : null;
  if (turn !== browser.turn) return;
  const [runs, places] = rowsOf(filters, found);
  await setRows(runs, places, browser.run && [browser.run.index, browser.at]);
  if (turn !== browser.turn) return;
  const all = data.runs.reduce((total, run) => total + run.size, 0);
  byId("count").textContent =
    runs.length === all ? counted(all, "answer") : `${count(runs.length)} of ${counted(all, "answer")}`;
  if (browser.run === null && runs.length) [browser.run, browser.at, list.chosen] = [data.runs[runs[0]], places[0], 0];
  drawRows();
  remember();
  delete byId("answers").dataset.busy;
  if (browser.run === null) showNoItem();
  else await showItem(browser.run, browser.at);
}

/** Puts the view into the address, without a step in the history for every key. */
function remember() {
  const chosen = browser.run === null ? {} : { run: browser.run.id, at: browser.at };
  history.replaceState(null, "", answersLink({ ...browser.filters, ...chosen }));
}

function keys(event) {
  if (byId("answers").hidden || byId("zoom").open || event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.matches("input[type=search], select");
  const nowhere = event.target === document.body; // elsewhere arrows scroll what has the focus
  if (event.key === "Escape" && event.target === byId("search")) {
    if (byId("search").value) {
      byId("search").value = "";
      readFilters();
    } else byId("list").focus();
  } else if (event.key === "Escape") byId("list").focus();
  else if (typing) return;
  else if (event.key === "/") byId("search").focus();
  else if (event.key === "j" || (nowhere && event.key === "ArrowDown")) move(1);
  else if (event.key === "k" || (nowhere && event.key === "ArrowUp")) move(-1);
  else return;
  event.preventDefault();
}
