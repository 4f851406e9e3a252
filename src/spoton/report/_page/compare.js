// Two runs side by side.
function compareView(a, b) {
  const same = a.answers && b.answers && a.answers.side === b.answers.side;
  const name = (run, letter) => el("p", { class: "mono" }, el("b", { class: letter.toLowerCase() }, letter), " ", el("a", { href: `#run=${shortId(run.id)}` }, run.label), el("span", { class: "dim" }, ` on ${run.task}, seed ${run.seed} `), badge(run));
  const pictured = same ? [thumbs(a, b.answers), a.answers.side.pairs.length ? distances(a, [b.answers]) : null, errorsOf(a, b), ...both(a, b)] : [...both(a, b)];
  if (a.history && b.history) pictured.push(curves([[a.history, ["s0", "s0", "s2"], "A "], [b.history, ["s1", "s1", "s3"], "B "]], "A blue, B orange; dashed: the training side."));
  return [
    el("h1", { tabindex: "-1" }, "Two runs compared"), name(a, "A"), name(b, "B"),
    el("p", { class: "acts" }, el("a", { class: "button", href: `#compare=${shortId(b.id)},${shortId(a.id)}` }, "Swap A and B")),
    el("h2", {}, "Figures on validation rows"), differences(a, b),
    a.task !== b.task ? el("p", { class: "callout" }, "They are of different tasks: their figures do not compare.") : a.splitHash !== b.splitHash ? el("p", { class: "callout" }, "They met different splits of the rows; a pair of one seed compares row by row.") : null,
    same ? paired(a, b) : null,
    pictured.filter(Boolean).length ? el("section", {}, el("h2", {}, "Pictures"), el("div", { class: "pictures" }, pictured.filter(Boolean))) : null,
    el("div", { class: "two" },
      el("section", {}, el("h2", {}, "Parameters"), unlike(Object.entries(a.settings || {}), Object.entries(b.settings || {}))),
      el("section", {}, el("h2", {}, "Where they come from"), unlike(origins(a), origins(b), true), el("h3", {}, "Packages"), unlike(Object.entries(a.packages || {}), Object.entries(b.packages || {})))),
  ].filter(Boolean);
}

function differences(a, b) {
  const side = (run) => run.metrics.valid || {};
  const names = [...new Set([...Object.keys(side(a)), ...Object.keys(side(b))])].filter((name) => !name.includes(":"));
  const rows = names.map((name) => {
    const [one, other] = [side(a)[name], side(b)[name]];
    const about = main().metrics[name];
    const both = Number.isFinite(one) && Number.isFinite(other);
    const better = both && one !== other && about && a.task === b.task ? (one > other) === about.up : null;
    const mark = (value, wins) => el("span", { class: wins ? "better" : null }, write(value, name), wins ? el("span", { class: "hidden" }, " (better)") : "");
    return [`${name}${about && about.unit !== "1" ? `, ${about.unit}` : ""}`, mark(one, better === true), mark(other, better === false), both ? `${one > other ? "+" : ""}${write(one - other, name)}` : "–"];
  });
  const time = Number.isFinite(a.fit) && Number.isFinite(b.fit);
  rows.push(["fit", seconds(a.fit), seconds(b.fit), time && b.fit ? `× ${Number((a.fit / b.fit).toPrecision(3))}` : "–"]);
  rows.push(["parameters", write(a.parameters), write(b.parameters), "–"]);
  return el("div", { class: "scroll" }, table(["", "A", "B", "A − B"], rows), el("p", { class: "legend" }, "● marks the better of two."));
}

// Row by row on the same rows: who is nearer, who hits.
function paired(a, b) {
  const one = a.answers, other = b.answers, n = one.n;
  const count = (test) => one.errors.filter((_, i) => test(i)).length;
  const share = (k) => `${k} of ${n} rows (${((100 * k) / n).toFixed(0)} %)`;
  const near = 1e-9;
  const pairs = [["A is nearer", share(count((i) => one.errors[i] < other.errors[i] - near))], ["B is nearer", share(count((i) => other.errors[i] < one.errors[i] - near))]];
  if (one.hits) {
    pairs.push(["both exact", share(count((i) => one.hits[i] && other.hits[i]))], ["A alone exact", share(count((i) => one.hits[i] && !other.hits[i]))], ["B alone exact", share(count((i) => !one.hits[i] && other.hits[i]))], ["neither", share(count((i) => !one.hits[i] && !other.hits[i]))]);
  }
  return el("section", {}, el("h2", {}, "Row by row"), facts(pairs));
}

function errorsOf(a, b) {
  const one = a.answers, other = b.answers;
  if (one.side.kind === "class") return null;
  const high = Math.max(quantile([...one.errors].sort((x, y) => x - y), 0.98), quantile([...other.errors].sort((x, y) => x - y), 0.98), 1e-9) * 1.05;
  const made = chart({ x: [0, high], y: [0, high], width: 300, height: 300, square: true, xlabel: "error of A", ylabel: "error of B", say: `Errors of A against errors of B on ${one.n} rows; below the line A is worse` });
  made.inside.append(svg("line", { x1: made.px(0), y1: made.py(0), x2: made.px(high), y2: made.py(high), stroke: "var(--grey)" }), dots(one.errors.map((v, i) => [made.px(Math.min(v, high)), made.py(Math.min(other.errors[i], high))]), "var(--s4)", { "stroke-width": 4.5 }));
  return figure("Error against error", made.root, "One dot a row. Above the line A is nearer, below it B.");
}

function both(a, b) {
  const of = (run, letter, colour) => (run.answers && run.answers.side.kind !== "class" ? run.answers.side.cols.slice(0, 2).map((name, j) => figure(`${letter}: ${name}`, agreementChart(run.answers, j, { name: `${letter} ${name}`, colour }), "Predicted against actual.")) : []);
  return [...of(a, "A", "var(--s0)"), ...of(b, "B", "var(--s1)")];
}

// Two lists of names and values; what differs stands first.
function unlike(one, other, all = false) {
  const names = [...new Set([...one, ...other].map(([name]) => name))];
  const [first, second] = [new Map(one), new Map(other)];
  const text = (value) => (value instanceof Node ? value.textContent : value === undefined || value === "" ? "–" : told(value));
  const rows = names.map((name) => [name, text(first.get(name)), text(second.get(name))]).filter(([, x, y]) => !(x === "–" && y === "–") && !(all && x === "None" && y === "None"));
  const differ = rows.filter(([, x, y]) => x !== y), equal = rows.filter(([, x, y]) => x === y);
  const made = (list, mark) => table(["", "A", "B"], list.map((cells) => ({ cells, mark })), { name: "small words" });
  return el("div", { class: "scroll" }, differ.length ? made(differ, "unlike") : el("p", { class: "dim" }, "Nothing differs."), equal.length ? el("details", {}, el("summary", {}, `${equal.length} alike`), made(equal)) : null);
}
