// The figures of /admin/metrics, with the key that its user typed in. The key lives in this page only.
"use strict";

const PERIOD_MS = 5000;
const byId = (id) => document.getElementById(id);
let key = "";

function pairs(list, counts) {
  list.replaceChildren();
  for (const [name, value] of Object.entries(counts)) {
    if (value === null) continue;
    const group = document.createElement("div");
    const term = document.createElement("dt");
    const figure = document.createElement("dd");
    term.textContent = name;
    figure.textContent = String(value);
    group.append(term, figure);
    list.append(group);
  }
}

function rows(body, runs) {
  body.replaceChildren();
  for (const run of runs) {
    const row = document.createElement("tr");
    const started = run.started_at ? new Date(run.started_at).toLocaleTimeString() : "";
    for (const text of [started, run.agent_name, run.lead_email, run.status, run.cost_estimate_usd]) {
      const cell = document.createElement("td");
      cell.textContent = text === null || text === undefined ? "" : String(text);
      row.append(cell);
    }
    body.append(row);
  }
}

async function show() {
  let answer;
  try {
    answer = await fetch("/admin/metrics", { headers: { "X-API-Key": key }, cache: "no-store" });
  } catch {
    byId("link").textContent = "The server does not answer; trying again.";
    return true;
  }
  if (answer.status === 401 || answer.status === 403) {
    byId("link").textContent = "This key may not see the figures.";
    byId("ask").hidden = false;
    byId("figures").hidden = true;
    return false;
  }
  if (!answer.ok) {
    byId("link").textContent = `The server answers ${answer.status}; trying again.`;
    return true;
  }
  const metrics = await answer.json();
  pairs(byId("queue"), metrics.queue);
  pairs(byId("outbox"), metrics.outbox);
  pairs(byId("runs"), metrics.runs);
  rows(byId("recent"), metrics.recent_runs);
  byId("ask").hidden = true;
  byId("figures").hidden = false;
  byId("link").textContent = `Read at ${new Date().toLocaleTimeString()}.`;
  return true;
}

async function keepShowing() {
  if (await show()) setTimeout(keepShowing, PERIOD_MS);
}

byId("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  key = byId("key").value.trim();
  byId("key").value = "";
  keepShowing();
});
