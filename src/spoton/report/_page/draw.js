// Elements and charts. Texts of users go in by textContent alone.
function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (key === "onclick" || key === "onchange") made[key] = value;
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null && value !== undefined) made.setAttribute(key, typeof value === "number" ? Math.round(value * 100) / 100 : value);
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

// Round steps of an axis, about `n` of them.
function ticks(low, high, n = 5) {
  const wide = high - low || 1;
  const power = 10 ** Math.floor(Math.log10(wide / n));
  const step = [1, 2, 5, 10].map((s) => s * power).find((s) => wide / s <= n) || 10 * power;
  const found = [];
  for (let v = Math.ceil(low / step - 1e-9) * step; v <= high + 1e-9 * wide; v += step) found.push(Math.abs(v) < step * 1e-9 ? 0 : v);
  return found;
}

function decades(low, high) {
  const found = [];
  const few = Math.log10(high / low) < 2.5;
  for (let p = Math.floor(Math.log10(low)); p <= Math.ceil(Math.log10(high)); p += 1) for (const s of few ? [1, 2, 5] : [1]) found.push(s * 10 ** p);
  const inside = found.filter((v) => v >= low * 0.999 && v <= high * 1.001);
  const every = Math.ceil(inside.length / 7);
  return inside.filter((_, i) => i % every === 0);
}

const plain = (v) => (Math.abs(v) >= 1e5 || (v && Math.abs(v) < 1e-3) ? v.toExponential(0).replace("e+", "e") : String(Number(v.toPrecision(6)))).replace("-", "−");

// A chart with axes. `say` is its text for those who do not see it.
function chart({ x, y, width = 340, height = 270, xlabel = "", ylabel = "", say, square = false, log = false, down = false, grid = true, xticks = null }) {
  const left = 54, bottom = 36, top = 8, right = 10;
  let wide = width - left - right, tall = height - top - bottom;
  if (square) {
    const scale = Math.min(wide / (x[1] - x[0]), tall / (y[1] - y[0]));
    wide = scale * (x[1] - x[0]);
    tall = scale * (y[1] - y[0]);
  }
  const f = log ? Math.log10 : (v) => v;
  const px = (v) => left + ((v - x[0]) / (x[1] - x[0] || 1)) * wide;
  const part = (v) => (f(v) - f(y[0])) / (f(y[1]) - f(y[0]) || 1);
  const py = (v) => top + (down ? part(v) : 1 - part(v)) * tall;
  const root = svg("svg", { class: "chart", viewBox: `0 0 ${left + wide + right} ${top + tall + bottom}`, role: "img", "aria-label": say });
  root.append(svg("title", {}, say), svg("rect", { class: "frame", x: left, y: top, width: wide, height: tall }));
  for (const v of xticks || ticks(...x, wide > 200 ? 6 : 4)) {
    if (grid) root.append(svg("line", { class: "grid", x1: px(v), x2: px(v), y1: top, y2: top + tall }));
    root.append(svg("text", { class: "tick", x: px(v), y: top + tall + 14, "text-anchor": "middle" }, plain(v)));
  }
  for (const v of log ? decades(...y) : ticks(...y, 5)) {
    if (grid) root.append(svg("line", { class: "grid", x1: left, x2: left + wide, y1: py(v), y2: py(v) }));
    root.append(svg("text", { class: "tick", x: left - 6, y: py(v) + 3.5, "text-anchor": "end" }, plain(v)));
  }
  if (xlabel) root.append(svg("text", { x: left + wide / 2, y: top + tall + 30, "text-anchor": "middle" }, xlabel));
  if (ylabel) root.append(svg("text", { transform: `translate(10 ${top + tall / 2}) rotate(-90)`, "text-anchor": "middle" }, ylabel));
  const clip = `clip${(chart.count = (chart.count || 0) + 1)}`;
  root.append(svg("clipPath", { id: clip }, svg("rect", { x: left, y: top, width: wide, height: tall })));
  const inside = svg("g", { "clip-path": `url(#${clip})` });
  root.append(inside);
  return { root, inside, px, py, box: { left, top, wide, tall } };
}

const dots = (points, colour, more = {}) => svg("path", { d: points.map(([x, y]) => `M${x.toFixed(1)} ${y.toFixed(1)}h0`).join(""), stroke: colour, "stroke-width": 5, "stroke-linecap": "round", "stroke-opacity": 0.5, fill: "none", ...more });

const line = (points, colour, more = {}) => svg("path", { d: points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join(""), stroke: colour, "stroke-width": 1.8, fill: "none", "stroke-linejoin": "round", ...more });

function margin(low, high, share = 0.04) {
  const room = share * (high - low) || Math.max(0.5, 0.05 * Math.abs(high));
  return [low - room, high + room];
}

const key = (...entries) => el("ul", { class: "key" }, entries.map(([colour, text, dash]) => {
  const mark = el("i", { class: dash ? "dash" : null });
  mark.style.borderTopColor = `var(--${colour})`;
  return el("li", {}, mark, text);
}));

const figure = (title, picture, caption, ...more) => el("figure", {}, el("h3", {}, title), picture, caption ? el("figcaption", {}, caption) : null, ...more);

function table(heads, rows, { name = "small", caption = "" } = {}) {
  return el("table", { class: name }, caption ? el("caption", { class: "hidden" }, caption) : null,
    el("thead", {}, el("tr", {}, heads.map((head, i) => el("th", { scope: "col", class: i ? "num" : null }, head)))),
    el("tbody", {}, rows.map((row) => el("tr", { class: row.mark || null }, (row.cells || row).map((cell, i) => (i ? el("td", { class: "num" }, cell) : el("th", { scope: "row" }, cell)))))));
}

// Names and what they are, as a table of two columns.
function facts(pairs) {
  return el("table", { class: "small" }, el("tbody", {}, pairs.filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value, mark]) => el("tr", { class: mark || null }, el("th", { scope: "row" }, name), el("td", {}, value)))));
}

// A ramp from little to much, that reads on both backgrounds.
function heat(part) {
  return `color-mix(in oklab, var(--s1) ${Math.round(100 * Math.min(1, Math.max(0, part)))}%, var(--panel))`;
}
