// Pictures of points: arrows, errors by place, distances, points on images.
function frame(found) {
  if (found.side.size) return [[-0.5, found.side.size[0] - 0.5], [-0.5, found.side.size[1] - 0.5]];
  const of = (k) => margin(...extent(found.side.pairs.flatMap((pair) => found.actual[pair[k]])));
  return [of(0), of(1)];
}

const extent = (values) => [values.reduce((low, v) => Math.min(low, v), Infinity), values.reduce((high, v) => Math.max(high, v), -Infinity)];

// All points of all pairs, [actual x, actual y, predicted x, predicted y, distance].
const points = (found) => found.side.pairs.flatMap(([x, y], k) => found.actual[x].map((_, i) => [found.actual[x][i], found.actual[y][i], found.predicted[x][i], found.predicted[y][i], found.distances[k][i]]));

function residuals(run) {
  const found = run.answers, all = points(found), [x, y] = frame(found);
  const shift = [mean(all.map((p) => p[2] - p[0])), mean(all.map((p) => p[3] - p[1]))];
  const top = quantile(all.map((p) => p[4]).sort((a, b) => a - b), 0.95) || 1;
  const say = `Arrows from actual to predicted points; the mean shift is ${write(shift[0])} px across and ${write(shift[1])} px down`;
  const made = chart({ x, y, width: 300, height: 300, square: true, down: true, grid: false, say });
  for (const [ax, ay, bx, by, far] of all) {
    const one = [made.px(ax), made.py(ay)], other = [made.px(bx), made.py(by)];
    const long = Math.hypot(other[0] - one[0], other[1] - one[1]);
    if (long > 2.5) {
      const [ux, uy] = [(other[0] - one[0]) / long, (other[1] - one[1]) / long], head = Math.min(5, long / 2);
      const back = [other[0] - head * ux, other[1] - head * uy];
      made.inside.append(svg("path", { d: `M${one[0].toFixed(1)} ${one[1].toFixed(1)}L${other[0].toFixed(1)} ${other[1].toFixed(1)}M${(back[0] - 0.5 * head * uy).toFixed(1)} ${(back[1] + 0.5 * head * ux).toFixed(1)}L${other[0].toFixed(1)} ${other[1].toFixed(1)}L${(back[0] + 0.5 * head * uy).toFixed(1)} ${(back[1] - 0.5 * head * ux).toFixed(1)}`, stroke: far > top / 2 ? "var(--s1)" : "var(--s0)", "stroke-opacity": 0.65, fill: "none" }));
    } else made.inside.append(dots([one], "var(--s0)", { "stroke-width": 3.5 }));
  }
  return figure("Residuals", made.root, `From the actual to the predicted point. Mean shift (${write(shift[0])}, ${write(shift[1])}) px. Arrows to the middle: the learner says the mean where it does not know.`);
}

function places(run) {
  const found = run.answers, all = points(found), [x, y] = frame(found);
  const cells = Math.min(14, Math.round(x[1] - x[0])), side = (x[1] - x[0]) / cells, down = Math.max(1, Math.round((y[1] - y[0]) / side));
  const sums = new Map();
  for (const [ax, ay, , , far] of all) {
    const at = Math.min(cells - 1, Math.floor((ax - x[0]) / side)) + cells * Math.min(down - 1, Math.floor((ay - y[0]) / side));
    const held = sums.get(at) || [0, 0];
    sums.set(at, [held[0] + far, held[1] + 1]);
  }
  const means = [...sums].map(([at, [sum, n]]) => [at % cells, Math.floor(at / cells), sum / n, n]);
  const top = Math.max(...means.map((m) => m[2]), 1e-9), whole = mean(all.map((p) => p[4]));
  const worst = means.reduce((one, other) => (other[2] > one[2] ? other : one));
  const say = `Mean distance by place in the image; over all ${write(whole)} px, the worst place is around (${Math.round(x[0] + (worst[0] + 0.5) * side)}, ${Math.round(y[0] + (worst[1] + 0.5) * side)}) with ${write(worst[2])} px`;
  const made = chart({ x, y, width: 300, height: 300, square: true, down: true, grid: false, say });
  for (const [i, j, value, n] of means) {
    const cell = svg("rect", { x: made.px(x[0] + i * side), y: made.py(y[0] + j * side), width: made.px(side) - made.px(0) + 0.4, height: made.py(side) - made.py(0) + 0.4, fill: heat(0.06 + 0.94 * (value / top)) });
    cell.append(svg("title", {}, `${write(value)} px over ${n} points`));
    made.inside.append(cell);
  }
  return figure("Error by place", made.root, `Mean distance of the points in each cell, from 0 (pale) to ${write(top)} px. Empty cells hold no point.`);
}

function distances(run, others = []) {
  const found = run.answers, all = points(found);
  const centre = found.side.pairs.map(([x, y]) => found.actual[x].map((_, i) => Math.hypot(found.actual[x][i] - found.side.centre[x], found.actual[y][i] - found.side.centre[y]))).flat();
  const mine = all.map((p) => p[4]);
  const sets = others.length ? [[mine, "s0", "A"], ...others.map((other) => [points(other).map((p) => p[4]), "s1", "B"])] : [[mine, "s0", "predicted"], [centre, "grey", "mean point"]];
  const most = Math.max(...sets.map(([values]) => quantile([...values].sort((a, b) => a - b), 0.98)), 0.1);
  const step = ticks(0, most, 32)[1] || most / 30, count = Math.ceil(most / step) + 1;
  const shares = sets.map(([values]) => {
    const bins = Array(count).fill(0);
    for (const v of values) bins[Math.min(count - 1, Math.floor(v / step))] += 100 / values.length;
    return bins;
  });
  const within = (values) => `${((100 * values.filter((v) => v <= 1).length) / values.length).toFixed(1)} %`;
  const say = `Distances of ${sets.map(([values, , name]) => `${name}: mean ${write(mean(values))} px, ${within(values)} within 1 px`).join("; ")}`;
  const made = chart({ x: [0, count * step], y: [0, 1.08 * Math.max(...shares.flat())], xlabel: "distance, px", ylabel: "share of points, %", say, height: 250 });
  shares.forEach((bins, k) => {
    const colour = `var(--${sets[k][1]})`;
    const d = bins.map((v, i) => `${i ? "L" : "M"}${made.px(i * step).toFixed(1)} ${made.py(v).toFixed(1)}H${made.px((i + 1) * step).toFixed(1)}`).join("");
    if (sets[k][1] === "s0") made.inside.append(svg("path", { d: `${d}V${made.py(0)}H${made.px(0)}Z`, fill: colour, "fill-opacity": 0.35 }));
    made.inside.append(svg("path", { d, stroke: colour, "stroke-width": 1.6, fill: "none" }));
    const m = made.px(mean(sets[k][0]));
    made.inside.append(svg("line", { x1: m, x2: m, y1: 0, y2: 999, stroke: colour, "stroke-dasharray": "4 3" }));
  });
  return figure("Distances", made.root, `${within(mine)} within one pixel. Dashed: means. The last bin holds all beyond.`, key(...sets.map(([values, colour, name]) => [colour, `${name}, mean ${write(mean(values))} px`])));
}

// Hundredths of a pixel, as long as they count; what is packed is no finer.
const far = (value) => (value < 0.005 ? "0" : value < 10 ? value.toFixed(2) : write(value));

// Rings are the right points, crosses the predictions; the same images for all learners of a task and seed.
function thumbs(run, other = null) {
  const found = run.answers, held = found.side.images;
  if (!held) return null;
  const [wide, tall] = found.side.size, unit = Math.max(wide, tall) / 28;
  const cross = (x, y, colour, r) => svg("path", { d: `M${x - r} ${y - r}L${x + r} ${y + r}M${x - r} ${y + r}L${x + r} ${y - r}`, stroke: colour, "stroke-width": 0.55 * unit, fill: "none" });
  const items = held.at.map((row, k) => {
    const say = `${found.side.labels ? `digit ${found.side.labels[row]}, ` : ""}${far(found.errors[row])} px off${other ? `, B ${far(other.errors[row])} px` : ""}`;
    const picture = svg("svg", { viewBox: `-0.5 -0.5 ${wide} ${tall}`, role: "img", "aria-label": say });
    const shown = svg("svg", { x: -0.5, y: -0.5, width: wide, height: tall, viewBox: `${k * held.w} 0 ${held.w} ${held.h}`, preserveAspectRatio: "none" });
    shown.append(svg("image", { href: held.src, width: held.w * held.at.length, height: held.h, preserveAspectRatio: "none" }));
    picture.append(shown);
    for (const [x, y] of found.side.pairs) {
      const a = [found.actual[x][row], found.actual[y][row]];
      const ring = { cx: a[0], cy: a[1], r: 1.3 * unit, fill: "none", stroke: "#ffb000", "stroke-width": 0.55 * unit };
      const ends = [[found, "#4cc9f0"], ...(other ? [[other, "#ff7ab8"]] : [])];
      for (const [one, colour] of ends) {
        const p = [one.predicted[x][row], one.predicted[y][row]];
        picture.append(svg("line", { x1: a[0], y1: a[1], x2: p[0], y2: p[1], stroke: colour, "stroke-width": 0.35 * unit, "stroke-opacity": 0.8 }));
        picture.append(cross(...p, colour, 1.1 * unit));
      }
      picture.append(svg("circle", ring));
    }
    return el("li", {}, picture, el("span", {}, other ? `A ${far(found.errors[row])}, B ${far(other.errors[row])} px` : `${far(found.errors[row])} px off`));
  });
  const marks = other ? "Ring: the right point. Blue cross: A. Pink cross: B." : "Ring: the right point. Cross: the prediction; outside of the frame where it is missing.";
  const made = figure("Points on images", el("ul", { class: "thumbs" }, items), `${marks} Two thirds of the images are those that all learners here find hardest.`);
  made.classList.add("wide");
  return made;
}
