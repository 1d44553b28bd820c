// The page: its address says what is shown, news of the board bring it up to date, keys move about in it.
import { ask, inTurn, listen } from "./ask.js";
import { say } from "./dom.js";
import { repaint } from "./figures.js";
import { listView } from "./list.js";
import { compareView } from "./compare.js";
import { newestView, runView } from "./run.js";

const main = document.getElementById("main");
const known = { runs: new Map(), total: 0, unread: 0, folder: "", read: false };
const picked = new Set();
let view = null;

const views = [
  [/^#\/?$/, () => listView(known, picked)],
  [/^#\/newest$/, () => newestView(known)],
  [/^#\/run\/([0-9a-f]+)$/, (id) => runView(id, known)],
  [/^#\/compare\/([0-9a-f,]+)$/, (ids) => compareView(ids.split(","))],
];

function go() {
  const address = location.hash || "#/";
  const [pattern, make] = views.find(([each]) => each.test(address)) ?? views[0];
  view?.drop?.();
  view = make(...(address.match(pattern) ?? []).slice(1));
  main.replaceChildren(view.element);
  document.title = "netsitter";
  scrollTo(0, 0);
  view.news(null);
}

const relist = inTurn(async () => {
  const told = await ask("/api/runs");
  known.runs = new Map(told.runs.map((run) => [run.id, run]));
  [known.total, known.unread, known.folder, known.read] = [told.total, told.unread, told.folder, true];
  const folder = document.getElementById("folder");
  say(folder, told.folder.split(/[\\/]/).slice(-2).join("/"));
  folder.title = told.folder;
  view.news(null);
});

listen((news) => {
  if (news.reload) return relist();
  [known.total, known.unread] = [news.total, news.unread];
  for (const id of news.gone) known.runs.delete(id);
  for (const run of news.changed) known.runs.set(run.id, run);
  view.news(new Set([...news.gone, ...news.changed.map((run) => run.id)]));
}, (live) => {
  const mark = document.getElementById("live");
  mark.classList.toggle("on", live);
  say(mark.lastElementChild, live ? "live" : "the board does not answer");
});

function shade(name) {
  document.documentElement.dataset.theme = name;
  repaint();
}

function turn() {
  const name = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  localStorage.setItem("theme", name);
  shade(name);
}

const dark = matchMedia("(prefers-color-scheme: dark)");
shade(localStorage.getItem("theme") ?? (dark.matches ? "dark" : "light"));
dark.addEventListener("change", () => localStorage.getItem("theme") ?? shade(dark.matches ? "dark" : "light"));

const help = document.getElementById("help");
document.getElementById("theme").addEventListener("click", turn);
document.getElementById("help-button").addEventListener("click", () => help.showModal());
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});

function step(by) {
  const stops = [...main.querySelectorAll("[data-stop]")].filter((each) => each.offsetParent);
  if (!stops.length) return;
  const at = stops.findIndex((each) => each === document.activeElement || each.closest("[data-key]")?.contains(document.activeElement));
  stops[Math.max(0, Math.min(stops.length - 1, at < 0 ? 0 : at + by))].focus();
}

const keys = {
  j: () => step(1),
  k: () => step(-1),
  x: () => document.activeElement.closest("[data-key]")?.querySelector("input[type=checkbox]")?.click(),
  c: () => main.querySelector("#compare:not([hidden])")?.click(),
  l: () => { location.hash = "#/"; },
  t: turn,
  "?": () => help.showModal(),
  "/": () => main.querySelector("input[type=search]")?.focus(),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches?.("input[type=search]");
  if (event.key === "Escape" && typing) event.target.blur();
  if (typing || help.open || event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
  event.preventDefault();
  keys[event.key]();
});

addEventListener("hashchange", go);
go();
