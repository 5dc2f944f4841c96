// Starts the page, and goes where its address says.

function drawResults() {
  drawHeadline();
  drawBoard();
  drawScores();
  drawDifferences();
  drawCategories();
  drawRuns();
  if (data.trainings.length) drawTraining();
}

async function route() {
  const [name, query = ""] = location.hash.slice(1).split(/\?(.*)/s);
  const browsing = name === "answers";
  byId("answers").hidden = !browsing;
  byId("results").hidden = browsing;
  for (const link of document.querySelectorAll("nav a")) {
    const here = link.getAttribute("href") === `#${name || "leaderboard"}`;
    if (here) {
      link.setAttribute("aria-current", "true");
      link.parentElement.parentElement.parentElement.scrollLeft = link.offsetLeft - 80;
    } else link.removeAttribute("aria-current");
  }
  if (browsing) await openAnswers(query);
  else if (name === "runs") openRuns(query);
  else if (name === "leaderboard" && query) openBoard(query);
  else if (name) byId(name)?.scrollIntoView?.();
}

async function start() {
  await load();
  startBoard();
  startTraining();
  startBrowser();
  openBoard("", startCategories);
  byId("made").textContent =
    `Made by proctor ${data.version} of stored responses: every number can be recomputed from them.`;
  byId("skip").addEventListener("click", (event) => {
    event.preventDefault();
    byId("main").focus();
  });
  window.addEventListener("hashchange", route);
  window.addEventListener("beforeprint", drawAll);
  await route();
  document.documentElement.dataset.ready = "";
}

start().catch((error) => {
  byId("problem").hidden = false;
  byId("problem").textContent = `This page cannot be shown: ${error.message}. It needs a browser of 2023 or later.`;
});
