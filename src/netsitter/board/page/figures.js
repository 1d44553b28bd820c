// Figures: asked for when they come into sight, drawn anew when there is something new, at a pace that costs little.
import { h, say } from "./dom.js";
import { ask } from "./ask.js";

const CONFIG = { displayModeBar: false, responsive: true, showTips: false, doubleClick: "reset+autosize" };
const REST = 2; // after a figure is drawn anew, all are left alone for so many times as long as that took
const LEAST_REST_MS = 150;

let looks = null;
let plotly = null;
const shown = new Set();
const queue = [];
let busy = false;

const sight = new IntersectionObserver((seen) => {
  for (const { target, isIntersecting } of seen) {
    target.figure.seen = isIntersecting;
    target.figure.want();
  }
}, { rootMargin: "200px" });

export const theme = () => document.documentElement.dataset.theme;

/** One figure with its title and what to look for. address: where its JSON is. */
export class Figure {
  constructor({ title, look_for }, address) {
    this.address = address;
    this.stale = true;
    this.seen = false;
    this.plot = h("div", { class: "plot", role: "img", "aria-label": title });
    this.note = h("p", { class: "plot-note", hidden: true });
    this.element = h("figure", { class: "figure" },
      h("figcaption", {}, h("h3", {}, title), look_for ? h("p", { class: "look-for" }, look_for) : null),
      this.plot, this.note);
    this.element.figure = this;
    sight.observe(this.element);
    shown.add(this);
  }

  /** There is something new. */
  renew() {
    this.stale = true;
    this.want();
  }

  want() {
    if (!this.stale || !this.seen || queue.includes(this)) return;
    queue.push(this);
    if (!busy) work();
  }

  async draw() {
    const told = await ask(this.address, { text: true });
    if (told !== this.told) {
      this.told = told;
      await this.paint();
    }
  }

  async paint() {
    if (!this.told) return;
    looks ??= await ask("/api/looks");
    plotly ??= await script();
    const { data, layout } = JSON.parse(this.told);
    const empty = !data.length;
    this.note.hidden = !empty;
    if (empty) say(this.note, "Nothing to draw yet.");
    this.plot.classList.toggle("blank", empty);
    // As high as it will be, before it is drawn, lest the page moves twice.
    this.plot.style.minHeight = `${layout.height}px`;
    const look = structuredClone(looks[theme()]);
    await plotly.react(this.plot, data, { ...layout, template: look, autosize: true, uirevision: "kept" }, CONFIG);
  }

  drop() {
    sight.unobserve(this.element);
    shown.delete(this);
    if (plotly) plotly.purge(this.plot);
  }
}

/** All figures in the other colours. */
export function repaint() {
  for (const figure of shown) figure.paint();
}

async function work() {
  busy = true;
  let rested = 0;
  while (queue.length) {
    const figure = queue.splice(Math.max(0, queue.findIndex((each) => !each.told)), 1)[0];
    if (!shown.has(figure) || !figure.seen || !figure.stale) continue;
    const began = performance.now();
    if (figure.told && began < rested) {
      queue.push(figure);
      await new Promise((done) => setTimeout(done, Math.min(100, rested - began)));
      continue;
    }
    figure.stale = false;
    try {
      await figure.draw();
    } catch (problem) {
      figure.note.hidden = false;
      say(figure.note, [problem.error ?? "This figure cannot be had just now", problem.fix].filter(Boolean).join(": "));
    }
    rested = performance.now() + Math.max(LEAST_REST_MS, REST * (performance.now() - began));
  }
  busy = false;
}

function script() {
  // The page's rules of security refuse sheets that a script puts in; where one seems to be there, it does not try.
  for (const id of looks.sheets) document.head.append(h("meta", { id }));
  return new Promise((loaded, failed) => {
    const element = h("script", { src: "/page/plotly.js", load: () => loaded(window.Plotly), error: failed });
    document.head.append(element);
  });
}
