// Pictures of any answers: predicted against actual, errors of each class.
function agreementChart(found, j, { name = "", colour = "var(--s0)" } = {}) {
  const a = found.actual[j], p = found.predicted[j];
  const [low, high] = margin(Math.min(...a), Math.max(...a));
  const wide = high - low;
  const near = p.filter((v, i) => Math.abs(v - a[i]) <= 3 * wide);
  const range = margin(Math.min(low, ...near), Math.max(high, ...near), 0.01);
  const say = `Predicted against actual ${name || found.side.cols[j]}: ${found.n} rows, mean absolute error ${write(mean(a.map((v, i) => Math.abs(v - p[i]))))}`;
  const made = chart({ x: range, y: range, width: 300, height: 300, square: true, xlabel: `actual ${found.side.cols[j]}`, ylabel: "predicted", say });
  const half = found.side.whole ? 0.5 : Math.sqrt(mean(a.map((v, i) => (v - p[i]) ** 2)));
  const corner = (v, d) => `${made.px(v).toFixed(1)} ${made.py(v + d).toFixed(1)}`;
  made.inside.append(
    svg("path", { d: `M${corner(range[0], -half)}L${corner(range[1], -half)}L${corner(range[1], half)}L${corner(range[0], half)}Z`, fill: "var(--grey)", "fill-opacity": 0.22 }),
    svg("path", { d: `M${corner(range[0], 0)}L${corner(range[1], 0)}`, stroke: "var(--s1)", "stroke-width": 1.3 }),
    dots(a.map((v, i) => [made.px(v), made.py(p[i])]), colour, { "stroke-width": found.n > 120 ? 4 : 5.5 }),
  );
  return made.root;
}

function agreements(run) {
  const found = run.answers;
  return found.side.cols.slice(0, 4).map((name, j) => {
    const r2 = run.metrics[found.side.side]?.[found.side.of > 1 ? `r2:${name}` : "r2"];
    const band = found.side.whole ? "band: half a pixel or count, inside is exact" : "band: ± the root of the mean squared error";
    return figure(name, agreementChart(found, j), `Predicted against actual, R² ${write(r2)}; ${band}${found.far ? `; ${found.far} rows far outside` : ""}.`);
  });
}

// Median, quartiles, 5 to 95 %, and the mean, of each class.
function classes(run) {
  const { side, errors } = run.answers;
  const labels = side.kind === "class" ? run.answers.actual[0] : side.labels;
  if (!labels) return null;
  const names = [...new Set(labels)].sort((one, other) => one - other).slice(0, 24);
  const groups = names.map((name) => errors.filter((_, i) => labels[i] === name).sort((one, other) => one - other));
  const unit = side.kind === "class" ? "share named wrongly" : side.pairs.length ? "error, px" : "error";
  const top = Math.max(...groups.map((g) => quantile(g, 0.95)), ...groups.map(mean), 1e-9) * 1.08;
  const worst = groups.reduce((w, g, i) => (mean(g) > mean(groups[w]) ? i : w), 0);
  const say = `${unit} of each class; the worst is ${names[worst]} with a mean of ${write(mean(groups[worst]))}`;
  const made = chart({ x: [-0.6, names.length - 0.4], y: [0, top], xlabel: "class", ylabel: unit, say, xticks: [], height: 250 });
  const middle = mean(errors);
  made.inside.append(svg("line", { x1: 0, x2: 999, y1: made.py(middle), y2: made.py(middle), stroke: "var(--grey)", "stroke-dasharray": "5 3" }));
  groups.forEach((g, i) => {
    const x = made.px(i), half = Math.min(12, (0.3 * made.box.wide) / names.length);
    if (side.kind !== "class" && g.length >= 8) {
      made.inside.append(
        svg("line", { x1: x, x2: x, y1: made.py(quantile(g, 0.05)), y2: made.py(quantile(g, 0.95)), stroke: "var(--s0)" }),
        svg("rect", { x: x - half, width: 2 * half, y: made.py(quantile(g, 0.75)), height: Math.max(0.5, made.py(quantile(g, 0.25)) - made.py(quantile(g, 0.75))), fill: "var(--s0)", "fill-opacity": 0.4 }),
        svg("line", { x1: x - half, x2: x + half, y1: made.py(quantile(g, 0.5)), y2: made.py(quantile(g, 0.5)), stroke: "var(--s0)", "stroke-width": 2 }),
      );
    } else if (side.kind !== "class") made.inside.append(dots(g.map((v) => [x, made.py(v)]), "var(--s0)"));
    const y = made.py(mean(g));
    made.inside.append(svg("path", { d: `M${x} ${y - 5}L${x + 5} ${y}L${x} ${y + 5}L${x - 5} ${y}Z`, fill: "var(--s1)" }));
    made.root.append(svg("text", { class: "tick", x, y: made.box.top + made.box.tall + 14, "text-anchor": "middle" }, String(names[i])));
  });
  const shape = side.kind === "class" ? "Diamonds: means" : "Boxes: quartiles; lines: 5 to 95 %; diamonds: means";
  return figure("Each class", made.root, `${shape}. Worst: ${names[worst]}. Dashed: the mean of all, ${write(middle)}.`);
}
