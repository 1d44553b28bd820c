// What a search's page has besides its figures: how far it is, its stages with their ranges, its best trials.
import { h, sync } from "./dom.js";
import { counted, score } from "./words.js";

export function searchParts(told, { lines, questions, side, rest }) {
  const best = told.best[0];
  const ways = Object.entries(told.ways).map(([how, count]) => `${count} ${how}`).join(", ");
  sync(lines, [`${counted(told.of, "trial")} by ${told.sampler} sampling over ${told.names.join(", ")}`], (line) => line, (line) => h("p", {}, line));
  const stage = told.stages.at(-1);
  sync(questions, [
    { question: "How far is it?", answer: `${told.done} of ${told.of} trials`, detail: ways },
    {
      question: "What is best so far?", answer: best ? score(best.score) : "Nothing yet",
      detail: best ? `Trial ${best.number}, ${counted(best.epochs, "epoch")}: ${told.names.map((name, place) => `${name} = ${best.values[place]}`).join(", ")}` : "The first trials are still training.",
    },
    {
      question: "Where does it look now?", answer: stage ? `Stage ${stage.stage}, ${counted(stage.epochs, "epoch")} a trial` : "Not begun",
      detail: stage ? Object.entries(stage.space).map(([name, range]) => `${name}: ${range}`).join("; ") : "",
    },
  ], (each) => each.question, ({ question, answer, detail }) => h("section", { class: "answer" },
    h("h2", {}, question), h("p", { class: "short" }, answer), detail ? h("p", { class: "detail" }, detail) : null));
  sync(side, told.stages.length ? [told.stages] : [], () => "stages", (stages) => h("section", { class: "found" }, h("h2", {}, "Stages"),
    stages.map((each) => h("div", { class: "card stage" }, h("h3", {}, `Stage ${each.stage}`),
      h("p", { class: "where" }, `${counted(each.trials, "trial")} of ${counted(each.epochs, "epoch")}`),
      h("ul", {}, Object.entries(each.space).map(([name, range]) => h("li", {}, h("b", {}, name), ` ${range}`))),
      each.says.map((line) => h("p", { class: "moved" }, line))))));
  sync(rest, told.best.length ? [told.best] : [], () => "best", (trials) => h("details", { class: "table", open: true },
    h("summary", {}, "The best trials"),
    h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, ["Trial", "Score", "Epochs", ...told.names, "How it ended"].map((each) => h("th", { scope: "col" }, each)))),
      h("tbody", {}, trials.map((each) => h("tr", {}, [each.number, score(each.score), each.epochs, ...each.values, each.how].map((cell) => h("td", {}, cell)))))))));
}
