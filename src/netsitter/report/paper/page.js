// Unpacks plotly's script, which the page carries zipped, and draws the figures in the colours of the reader's choice.
"use strict";
(async () => {
  for (const time of document.querySelectorAll("time[data-at]")) {
    time.textContent = new Date(1000 * time.dataset.at).toLocaleString();
  }
  const { figures, templates } = JSON.parse(document.getElementById("drawn").textContent);
  if (typeof DecompressionStream === "undefined") {
    document.getElementById("unable").hidden = false;
    return;
  }
  const zipped = Uint8Array.from(atob(document.getElementById("packed").textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([zipped]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(stream).text();
  document.head.append(script);

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const template = () => structuredClone(templates[dark.matches && !printing ? "dark" : "light"]);
  const plots = [...document.querySelectorAll(".plot")];
  let printing = false;
  for (const plot of plots) {
    const { data, layout } = figures[plot.dataset.figure];
    if (layout.meta?.aspect) layout.height = Math.min(layout.height, 16 + layout.meta.aspect * plot.clientWidth);
    const config = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["select2d", "lasso2d"] };
    await Plotly.newPlot(plot, data, { ...layout, template: template(), autosize: true }, config);
  }
  const repaint = (size) => plots.forEach((plot) => Plotly.relayout(plot, { template: template(), ...size }));
  dark.addEventListener("change", () => repaint({}));
  addEventListener("beforeprint", () => { printing = true; repaint({ width: 680 }); });
  addEventListener("afterprint", () => { printing = false; repaint({ width: null, autosize: true }); });
  document.documentElement.dataset.drawn = String(plots.length);
})();
