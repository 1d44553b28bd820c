// Several runs side by side: how each stands, in what they differ, their curves in one figure.
import { ask, inTurn } from "./ask.js";
import { h, sync } from "./dom.js";
import { Figure } from "./figures.js";
import { counts, progress, score, state } from "./words.js";

export function compareView(ids) {
  const heads = h("div", { class: "scroll" });
  const box = h("div", { class: "figures" });
  const figures = [];
  const element = h("article", { class: "compare" },
    h("nav", { class: "crumbs", "aria-label": "Where you are" }, h("a", { href: "#/" }, "Runs"), " / compare"),
    h("h1", {}, `${ids.length} runs side by side`), heads, box);

  const refresh = inTurn(async () => {
    const told = await ask(`/api/compare/${ids.join(",")}`);
    sync(heads, [told], () => "table", table);
    if (!figures.length) {
      for (const each of told.figures) {
        const figure = new Figure(each, `/api/compare/${ids.join(",")}/figures/${each.slug}`);
        figures.push(figure);
        box.append(figure.element);
      }
    } else for (const figure of figures) figure.renew();
  });

  return {
    element,
    news: (changed) => (changed === null || ids.some((id) => changed.has(id)) ? refresh() : null),
    drop: () => figures.forEach((figure) => figure.drop()),
  };
}

function table({ runs, fields }) {
  const line = (head, cells) => h("tr", {}, h("th", { scope: "row" }, head), cells.map((cell) => h("td", {}, cell)));
  return h("table", { class: "side-by-side" },
    h("thead", {}, h("tr", {}, h("td"), runs.map((run, place) => h("th", { scope: "col" },
      h("i", { class: `swatch line-${place}`, "aria-hidden": "true" }), h("a", { href: `#/run/${run.id}`, "data-stop": true }, run.name))))),
    h("tbody", {},
      line("State", runs.map(state)),
      line("Progress", runs.map(progress)),
      line("Score", runs.map((run) => [h("b", { class: "number" }, score(run.score)), run.part === "test" ? " test" : ""])),
      line("Findings", runs.map(counts)),
      fields.map(([name, values]) => line(h("code", {}, name), values)),
      fields.length ? null : line("Plan", runs.map(() => h("span", { class: "faint" }, "the same")))));
}
