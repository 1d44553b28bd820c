// What a search's page has besides its figures: how it was asked for, its stages with their ranges, its best trials.
import { h, sync } from "./dom.js";
import { counted, score } from "./words.js";

export function searchParts(told, { lines, stages, rest }) {
  const asked = `${counted(told.of, "trial")} in all, by ${told.sampler} sampling over ${told.names.join(", ")}`;
  sync(lines, [asked], (line) => line, (line) => h("p", {}, line));
  if (!stages.firstElementChild) stages.append(h("h2", {}, "Stages"), h("div", { class: "cards" }));
  sync(stages.lastElementChild, told.stages, (each) => each.stage, stage);
  sync(rest, told.best.length ? [told] : [], () => "best", best);
}

function stage({ stage: name, trials, epochs, space, says }) {
  return h("section", { class: "card", tabindex: 0, "data-stop": true },
    h("h3", {}, `Stage ${name}`), h("p", { class: "where" }, `${counted(trials, "trial")} of ${counted(epochs, "epoch")}`),
    h("ul", {}, Object.entries(space).map(([axis, range]) => h("li", {}, h("b", {}, axis), ` ${range}`))),
    says.map((line) => h("p", { class: "moved" }, line)));
}

function best({ names, best: trials }) {
  const heads = ["Trial", "Score", "Epochs", ...names, "How it ended"];
  const row = (each) => h("tr", {}, [each.number, score(each.score), each.epochs, ...each.values, each.how].map((cell) => h("td", {}, cell)));
  return h("details", { class: "table", open: true }, h("summary", {}, "The best trials"),
    h("div", { class: "scroll" }, h("table", {},
      h("thead", {}, h("tr", {}, heads.map((each) => h("th", { scope: "col" }, each)))), h("tbody", {}, trials.map(row)))));
}
