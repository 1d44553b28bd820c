// One run, or one search: what a stranger wants to know first, then findings, figures, and what was decided.
import { ask, inTurn } from "./ask.js";
import { h, say, sync } from "./dom.js";
import { card } from "./card.js";
import { Figure } from "./figures.js";
import { searchParts } from "./search.js";
import { ago, number, progress, score, state } from "./words.js";

const BESIDE = ["cure", "learning", "search"]; // sections that stand beside the findings

export function runView(id, known) {
  const head = h("div", { class: "run-head" });
  const lines = h("div", { class: "lines" });
  const questions = h("div", { class: "answers" });
  const found = h("section", { class: "found", "aria-label": "Findings" });
  const cards = h("div", { class: "cards" });
  const quiet = h("div");
  const figures = new Map();
  const boxes = new Map();
  const drawn = h("div", { class: "drawn" });
  const rest = h("div", { class: "rest" });
  const steps = h("div");
  const stages = h("section", { class: "found", "aria-label": "Stages" });
  const side = h("div", { class: "side" }, steps, found, stages);
  const parts = h("div", {}, head, lines, questions, h("div", { class: "body" }, drawn, side), rest);
  const element = h("article", { class: "run" }, parts);
  let seen = null;
  let changed = -1;

  const refresh = inTurn(async () => {
    let told;
    try {
      told = await ask(`/api/runs/${id}`);
    } catch (error) {
      if (error.status === 404) instead("This run is not here", "Its folder was moved or removed.");
      if (error.status === 500) instead("This run cannot be shown", `${error.error}.`);
      throw error;
    }
    const run = told.run;
    if (!element.contains(parts)) element.replaceChildren(parts);
    document.title = `${run.name} · netsitter`;
    headOf(run);
    sync(questions, told.answers, (each) => each.question, answer);
    sync(steps, told.steps.length ? [told.steps] : [], () => "steps", stepsOf);
    if (run.search) {
      searchParts(told, { lines, stages, rest });
      if (told.findings.length) findingsOf(told, run);
    } else {
      sync(lines, told.lines, (line) => line, (line) => h("p", {}, line));
      findingsOf(told, run);
      restOf(told);
    }
    sectionsOf(told.sections, run);
    if (told.version !== changed) for (const figure of figures.values()) figure.renew();
    changed = told.version;
    announce(told.findings ?? []);
  });

  function headOf(run) {
    const left = run.loss === null || run.state !== "running" ? null : h("span", { class: "faint" }, `loss ${number(run.loss)} at step ${run.step.toLocaleString("en")}${run.steps ? ` of ${run.steps.toLocaleString("en")}` : ""}`);
    const best = run.score === null ? null : h("span", { class: "best" }, h("b", { class: "number" }, score(run.score)), run.part === "test" ? " on the test part" : " on validation, at best");
    sync(head, [{ ...run, ticking: 0 }], () => "head", () => h("div", {},
      h("nav", { class: "crumbs", "aria-label": "Where you are" }, h("a", { href: "#/" }, "Runs"), " / ", run.search ? "search" : "run"),
      h("h1", {}, run.name),
      h("p", { class: "stands" }, state(run), progress(run), best, left, run.says ? h("span", {}, run.says) : null,
        h("span", { class: "faint" }, run.state === "running" ? "" : ago(run.changed)))));
  }

  function findingsOf(told, run) {
    const heading = told.findings.length ? "Findings" : run.state === "running" ? "Nothing found so far" : "Nothing is wrong, as far as can be seen";
    if (!found.contains(cards)) found.replaceChildren(h("h2", {}), h("div"), quiet, cards);
    say(found.firstElementChild, heading);
    sync(found.children[1], told.cure ? [told.cure] : [], () => "cure", (cure) => h("div", { class: "card cure" },
      h("h3", {}, "Cured by trying"), cure.story.map((line) => h("p", {}, line))));
    sync(quiet, told.findings.length || run.state !== "running" ? [] : ["quiet"], (each) => each, () =>
      h("p", { class: "faint" }, "The rules look at the data, at the start, and at every epoch. What they find comes here by itself."));
    sync(cards, told.findings, (each) => `${each.code} ${each.where}`, card);
  }

  function sectionsOf(sections, run) {
    sync(drawn, sections.length ? [] : [{ state: run.state }], () => "none", () => h("p", { class: "empty" },
      run.state === "running" ? "Figures come with the first steps." : "This run told no number that could be drawn."));
    for (const section of sections) {
      if (!boxes.has(section.name)) {
        const box = h("div", { class: "figures" });
        boxes.set(section.name, [h("section", { class: `section ${section.name}` }, h("h2", {}, section.heading), box), box]);
      }
      const box = boxes.get(section.name)[1];
      section.figures.forEach((each, place) => {
        if (!figures.has(each.slug)) figures.set(each.slug, new Figure(each, `/api/runs/${id}/figures/${each.slug}`));
        const { element: drawing } = figures.get(each.slug);
        if (box.children[place] !== drawing) box.insertBefore(drawing, box.children[place] ?? null);
      });
    }
    leave(new Set(sections.flatMap((section) => section.figures.map((each) => each.slug))));
    for (const { name } of sections) {
      const [section] = boxes.get(name);
      if (section.parentElement) continue;
      if (BESIDE.includes(name)) drawn.append(section);
      else parts.insertBefore(section, rest);
    }
  }

  // What was awaited and did not come until the end goes.
  function leave(wanted) {
    for (const [slug, figure] of figures) {
      if (wanted.has(slug)) continue;
      figure.drop();
      figure.element.remove();
      figures.delete(slug);
    }
  }

  function restOf(told) {
    const parts = [
      ["Chosen, since it was left open", ["What", "Value", "Why"], told.choices],
      ["Checked before training", ["", "Check", "What was seen"], told.checks],
      ["Not checked", ["What", "Why"], told.unchecked],
    ].filter(([, , rows]) => rows.length);
    sync(rest, parts, ([heading]) => heading, ([heading, heads, rows]) => h("details", { class: "table" },
      h("summary", {}, heading, h("span", { class: "faint" }, ` ${rows.length}`)),
      h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, heads.map((each) => h("th", { scope: "col" }, each)))),
        h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell) => h("td", {}, cell)))))))));
  }

  function announce(findings) {
    const now = new Set(findings.map((each) => `${each.severity} ${each.code} ${each.slug}, ${each.where}`));
    if (seen) for (const each of now) if (!seen.has(each)) say(document.getElementById("said"), `New finding: ${each}`);
    seen = now;
  }

  function instead(heading, why) {
    element.replaceChildren(h("div", { class: "empty" }, h("h2", {}, heading), h("p", {}, why, " ", h("a", { href: "#/" }, "All runs"))));
  }

  return {
    element,
    news: (ids) => (ids === null || ids.has(id) ? refresh() : null),
    drop: () => figures.forEach((figure) => figure.drop()),
  };
}

function answer({ question, answer: told, by, mood }) {
  const marks = { well: "✓", sick: "✕", unclear: "…" };
  return h("section", { class: `answer ${mood}` },
    h("h2", {}, question), h("p", { class: "short" }, h("i", { "aria-hidden": "true" }, marks[mood]), told), h("p", { class: "detail" }, by));
}

function stepsOf(steps) {
  return h("section", { class: "next" }, h("h2", {}, "Next"), h("ol", {}, steps.map(([says, command]) =>
    h("li", {}, says, command ? h("code", { class: "command", tabindex: 0 }, command) : null))));
}

/** The run that trains now; the one that begins next, where none does. */
export function newestView(known) {
  const since = Date.now() / 1000 - 10;
  const element = h("div", { class: "empty" }, h("h2", {}, "Waiting for the run to begin"),
    h("p", {}, "The data is being read and looked at. The run appears by itself. ", h("a", { href: "#/" }, "All runs")));
  function news() {
    const runs = [...known.runs.values()].filter((run) => run.state === "running" || run.changed > since);
    runs.sort((one, other) => (other.state === "running") - (one.state === "running") || other.changed - one.changed);
    if (runs.length) location.replace(`#/run/${runs[0].id}`);
  }
  return { element, news };
}
