// A finding as a card: what, where, the numbers, what to do, and what that brought where it was tried.
import { h } from "./dom.js";

const VERDICTS = { helps: "helps", "no effect": "no effect", harms: "harms", "cannot be tried": "not tried" };

export function card(finding) {
  const { code, slug, severity, where, seen, step, places, remedies, tried, echoes } = finding;
  return h("section", { class: `card ${severity}`, tabindex: 0, "data-stop": true, "aria-label": `${severity} ${code} ${slug}` },
    h("p", { class: "label" }, h("span", { class: `count ${severity}` }, severity), h("code", {}, code)),
    h("h3", {}, slug.replaceAll("-", " ")),
    h("p", { class: "where" }, where, step === null ? "" : `, step ${step.toLocaleString("en")}`),
    h("p", {}, seen),
    remedies.length ? h("div", { class: "remedies" }, h("h4", {}, "What to do"), h("ol", {}, remedies.map((each) => h("li", {}, each)))) : null,
    tried.length ? h("div", { class: "tried" }, h("h4", {}, "Measured"), h("ul", {}, tried.map(measured))) : null,
    places.length ? h("details", {}, h("summary", {}, `Where exactly (${places.length})`), h("ul", {}, places.map((each) => h("li", {}, each)))) : null,
    echoes.length ? h("details", {}, h("summary", {}, `Follows from it (${echoes.length})`),
      h("ul", {}, echoes.map(([echoCode, echoSlug, echoWhere, echoSeen]) => h("li", {}, h("b", {}, `${echoCode} ${echoSlug}`), ` (${echoWhere}): ${echoSeen}`)))) : null,
    h("p", { class: "explain" }, h("code", {}, `netsitter explain ${code}`)));
}

function measured({ says, verdict, effect, changed }) {
  return h("li", {}, h("span", { class: `verdict ${verdict.replaceAll(" ", "-")}` }, VERDICTS[verdict]), ` ${says} `,
    effect ? h("span", { class: "faint" }, effect) : null, changed.map((each) => h("code", { class: "command" }, each)));
}
