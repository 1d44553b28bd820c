// The list of runs: how each stands, its score, what was found; several are picked to compare.
import { h, say, sync } from "./dom.js";
import { ago, counts, progress, score, spark, state } from "./words.js";

const MOST_PICKED = 8;
const PORTION = 200; // rows, until more are asked for

export function listView(known, picked) {
  const search = h("input", { type: "search", placeholder: "Look for a run", "aria-label": "Look for a run", input: () => news() });
  const button = h("button", { type: "button", class: "button", id: "compare", hidden: true, click: compare }, "Compare");
  const told = h("p", { class: "faint told" });
  const rows = h("tbody");
  const heads = ["", "Run", "State", "Progress", "Validation", "Score", "Findings", "Changed"];
  const table = h("table", { class: "runs" },
    h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head || h("span", { class: "unseen" }, "Picked"))))), rows);
  const empty = h("div");
  const more = h("button", { type: "button", class: "button more", hidden: true, click: () => { shown += PORTION; news(); } }, "Show more");
  let shown = PORTION;
  const element = h("section", { class: "list" },
    h("div", { class: "bar" }, h("h1", {}, "Runs"), search, button), told, table, more, empty);

  function compare() {
    if (picked.size > 1) location.hash = `#/compare/${[...picked].join(",")}`;
  }

  function pick(id, wanted) {
    if (wanted && picked.size >= MOST_PICKED) {
      news();
      return;
    }
    wanted ? picked.add(id) : picked.delete(id);
    picks();
  }

  function picks() {
    button.hidden = picked.size === 0;
    button.disabled = picked.size < 2;
    say(button, picked.size < 2 ? "Pick another to compare" : `Compare ${picked.size} runs`);
    for (const box of rows.querySelectorAll("input")) box.checked = picked.has(box.value);
  }

  function row(run) {
    const kind = [run.search ? "search" : "", run.data, run.net].filter(Boolean).join(", ");
    const cell = (name, ...held) => h("td", { "data-head": name }, held);
    return h("tr", {},
      h("td", { class: "pick" }, run.search ? null : h("input", {
        type: "checkbox", value: run.id, checked: picked.has(run.id), "aria-label": `Pick ${run.name} to compare`,
        change: (event) => pick(run.id, event.target.checked),
      })),
      h("th", { scope: "row" }, h("a", { href: `#/run/${run.id}`, "data-stop": true }, run.name), h("span", { class: "kind" }, kind)),
      cell("State", state(run)),
      cell("Progress", progress(run)),
      cell("Validation", spark(run.spark)),
      cell("Score", h("b", { class: "number" }, score(run.score)), " ", h("span", { class: "faint" }, run.part === "test" ? "test" : "")),
      cell("Findings", counts(run)),
      cell("Changed", h("time", { datetime: new Date(run.changed * 1000).toISOString() }, ago(run.changed))));
  }

  function news() {
    const wanted = search.value.trim().toLowerCase();
    const all = [...known.runs.values()].sort((one, other) =>
      (other.state === "running") - (one.state === "running") || other.changed - one.changed);
    const runs = all.filter((run) => `${run.name} ${run.data} ${run.net} ${run.state}`.toLowerCase().includes(wanted));
    sync(rows, runs.slice(0, shown), (run) => run.id, row);
    more.hidden = runs.length <= shown;
    table.hidden = !runs.length;
    const running = all.filter((run) => run.state === "running").length;
    const total = Math.max(known.total, all.length);
    const cut = total > all.length ? `, the newest ${all.length} of them here` : "";
    say(told, all.length ? `${total.toLocaleString("en")} in all${cut}, ${running} running${known.unread ? `; ${known.unread} still to read` : ""}` : "");
    empty.replaceChildren(...(runs.length || !known.read ? [] : [nothing(wanted)]));
    for (const id of picked) if (!known.runs.has(id)) picked.delete(id);
    picks();
  }

  function nothing(wanted) {
    if (wanted) return h("p", { class: "empty" }, "No run has this in its name, its data, its network or its state.");
    return h("div", { class: "empty" },
      h("h2", {}, "No run yet"),
      h("p", {}, "Runs of this folder appear here by themselves, while they train. To begin one, type in a terminal:"),
      h("pre", {}, "netsitter fit digits\nnetsitter search digits --net mlp:50"),
      h("p", { class: "faint" }, "in the folder that holds ", h("code", {}, known.folder), "."));
  }

  return { element, news };
}
