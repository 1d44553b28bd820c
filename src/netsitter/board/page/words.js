// Numbers and times as people say them, and the small drawings of a list.
import { h, s } from "./dom.js";

export function score(value) {
  return value === null || value === undefined ? "–" : value.toFixed(4);
}

export function number(value) {
  if (value === null || value === undefined) return "no number";
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(2) : String(+value.toPrecision(4));
}

/** "just now", "12 min ago", "3 h ago", else the date. */
export function ago(seconds) {
  if (!seconds) return "";
  const past = Date.now() / 1000 - seconds;
  if (past < 60) return "just now";
  if (past < 3600) return `${Math.floor(past / 60)} min ago`;
  if (past < 86400) return `${Math.floor(past / 3600)} h ago`;
  return new Date(seconds * 1000).toLocaleDateString(undefined, { day: "numeric", month: "short", year: "numeric" });
}

/** The state of a run as a mark with its word; colour is never all that tells it. */
export function state(run) {
  const marks = { running: "●", finished: "✓", stopped: "■", diverged: "✕", crashed: "!" };
  return h("span", { class: `state ${run.state}` }, h("i", { "aria-hidden": "true" }, marks[run.state]), run.state);
}

/** How many findings, the gravest first. */
export function counts(run) {
  const told = [["error", run.errors], ["warning", run.warnings]].filter(([, count]) => count);
  if (!told.length) return h("span", { class: "faint" }, run.search ? "" : run.notes ? counted(run.notes, "note") : "none");
  return told.map(([severity, count]) => h("span", { class: `count ${severity}` }, counted(count, severity)));
}

export function counted(count, one) {
  return `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;
}

/** How far a run or a search has come. */
export function progress(run) {
  const what = run.search ? "trials" : "epochs";
  const [done, of] = run.steps ? [run.step, run.steps] : [run.done, run.of];
  const told = run.of ? `${run.done} / ${run.of} ${what}` : run.step ? counted(run.step, "step") : "not begun";
  return h("span", { class: "progress" },
    of ? h("progress", { max: of, value: Math.min(done, of), "aria-hidden": "true" }) : null, told);
}

/** Scores as a small curve; a score that is no number is a gap. One score alone is no curve. */
export function spark(values) {
  const [wide, high] = [112, 26];
  const finite = values.filter((value) => value !== null);
  if (finite.length < 2) return null;
  const drawing = s("svg", { class: "spark", viewBox: `0 0 ${wide} ${high}`, width: wide, height: high, "aria-hidden": "true" });
  const [low, top] = [Math.min(...finite), Math.max(...finite)];
  const at = (value, place) => [
    2 + (values.length > 1 ? place / (values.length - 1) : 0.5) * (wide - 4),
    high - 3 - (top > low ? (value - low) / (top - low) : 0.5) * (high - 6),
  ].map((each) => each.toFixed(1)).join(" ");
  let path = "";
  values.forEach((value, place) => {
    if (value !== null) path += `${place && values[place - 1] !== null ? "L" : "M"}${at(value, place)}`;
  });
  const last = values.findLastIndex((value) => value !== null);
  const [x, y] = at(values[last], last).split(" ");
  drawing.append(s("path", { d: path }), s("circle", { cx: x, cy: y, r: 2.2 }));
  return drawing;
}
