// Training curves, with the table of their values behind them.
const FAMILIES = [["mse", "mean squared error", /_mse$/], ["r2", "R²", /_r2$/], ["hit", "hits", /_hit$/], ["dist", "mean distance, px", /_dist_avg$/], ["accuracy", "accuracy", /_accuracy$/], ["loss", "loss", /loss|^held_out$/], ["lr", "learning rate", /^lr$/], ["seconds", "seconds an epoch", /^seconds$/]];

function families(histories) {
  const names = [...new Set(histories.flatMap((h) => h.names))];
  const found = FAMILIES.map(([id, title, form]) => ({ id, title, names: names.filter((name) => form.test(name)) })).filter((f) => f.names.length);
  const rest = names.filter((name) => !found.some((f) => f.names.includes(name)));
  return [...found, ...rest.map((name) => ({ id: name, title: name.replaceAll("_", " "), names: [name] }))];
}

// `runs` are [history, colours by side, prefix].
function curveChart(family, runs) {
  const lines = runs.flatMap(([h, colours, prefix]) => family.names.filter((name) => h.columns[name]).map((name, i) => {
    const side = /^valid|^held/.test(name) ? 1 : /^train/.test(name) ? 0 : 2;
    const values = h.epochs.map((epoch, k) => [epoch, h.columns[name][k]]).filter(([, v]) => v !== null);
    return { name: prefix + name.replaceAll("_", " "), values, colour: colours[side], dash: prefix && side === 0 ? "5 3" : null, base: h.base[name], i };
  })).filter((l) => l.values.length);
  if (!lines.length) return null;
  const bases = [...new Set(lines.map((l) => l.base).filter((v) => v !== undefined && v !== null))].slice(-1);
  const all = [...lines.flatMap((l) => l.values.map((v) => v[1])), ...bases];
  const [low, high] = extent(all);
  const log = low > 0 && high > 20 * low;
  const epochs = lines.flatMap((l) => l.values.map((v) => v[0]));
  const [first, last] = extent(epochs);
  const say = `${family.title} over ${last} epochs; in the end ${lines.map((l) => `${l.name} ${write(l.values.at(-1)[1])}`).join(", ")}${bases.length ? `; the mean predictor has ${write(bases[0])}` : ""}`;
  const y = log ? [low / 1.15, high * 1.15] : margin(low, high);
  const room = Math.max(0.5, 0.01 * (last - first));
  const made = chart({ x: [first - room, last + room], y, width: 640, height: 270, xlabel: "epoch", ylabel: family.title, log, say, xticks: ticks(first, last, 8).filter(Number.isInteger) });
  const fits = runs[0][0].fits;
  if (fits && runs.length === 1) fits.forEach((fit, i) => {
    if (i && fit !== fits[i - 1]) made.inside.append(svg("line", { class: "axis", x1: made.px(runs[0][0].epochs[i] - 0.5), x2: made.px(runs[0][0].epochs[i] - 0.5), y1: 0, y2: 999, "stroke-dasharray": "1 3" }));
  });
  for (const v of bases) made.inside.append(svg("line", { x1: 0, x2: 999, y1: made.py(v), y2: made.py(v), stroke: "var(--grey)", "stroke-dasharray": "5 3" }));
  for (const l of lines) made.inside.append(l.values.length === 1 ? dots([[made.px(l.values[0][0]), made.py(l.values[0][1])]], `var(--${l.colour})`, { "stroke-opacity": 1 }) : line(l.values.map(([e, v]) => [made.px(e), made.py(v)]), `var(--${l.colour})`, { "stroke-dasharray": l.dash }));
  const keys = key(...lines.map((l) => [l.colour, `${l.name}, ${write(l.values.at(-1)[1])} in the end`, l.dash]), ...bases.map((v) => ["grey", `mean predictor, ${write(v)}`, true]));
  return [keys, made.root];
}

function curves(runs, said = "") {
  const list = families(runs.map(([h]) => h));
  const place = el("div");
  const show = (id) => place.replaceChildren(...(curveChart(list.find((f) => f.id === id), runs) || [el("p", { class: "dim" }, "Nothing finite to draw.")]));
  const choice = el("select", { "aria-label": "What the curves show", onchange: (event) => show(event.target.value) }, list.map((f) => el("option", { value: f.id }, f.title)));
  show(list[0].id);
  const [h] = runs[0];
  const behind = runs.length === 1 ? el("details", {}, el("summary", {}, `Table of ${h.epochs.length} epochs${h.count > h.epochs.length ? ` of ${h.count}` : ""}`), el("div", { class: "tall", tabindex: "0", role: "region", "aria-label": "Values of each epoch" }, table(["epoch", ...h.names.map((n) => n.replaceAll("_", " "))], h.epochs.map((e, i) => [String(e), ...h.names.map((n) => write(h.columns[n][i]))])))) : null;
  const made = figure("Training", place, said, behind);
  made.prepend(made.firstChild, list.length > 1 ? el("p", { class: "acts" }, el("label", {}, "show ", choice)) : "");
  made.classList.add("wide");
  return made;
}
