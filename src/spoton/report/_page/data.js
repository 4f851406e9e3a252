// Reads the compact records of report/_runs.py: numbers that stand for places in a pool, arrays in base64.
const element = document.getElementById("data");
let documents = [JSON.parse(element.textContent)];

const main = () => documents[0];

// The documents are the page's own, and, of a served page, those of runs that were asked for later.
function find(start) {
  if (!/^[0-9a-z]{4,}$/i.test(start)) return null;
  for (const held of documents.slice().reverse()) {
    if (held.runs[start]) return unpack(held, start);
    const found = Object.keys(held.runs).filter((id) => id.startsWith(start));
    if (found.length === 1) return unpack(held, found[0]);
  }
  return null;
}

function unpack(held, id) {
  const r = held.runs[id];
  const at = (i) => (i === undefined || i === null ? undefined : held.pool[i]);
  const [splits, names, ...values] = r.m;
  const metrics = {};
  at(splits).forEach((side, i) => {
    metrics[side] = {};
    at(names).forEach((name, j) => { metrics[side][name] = values[i][j]; });
  });
  const side = r.p && held.sides[at(r.p.s)];
  return {
    id, task: at(r.t), learner: at(r.l), label: at(r.as) || at(r.l), seed: r.seed, status: r.st, reason: at(r.why) || "",
    train: r.n, rows: at(r.rows), metrics, fit: r.s[0], predict: r.s[1], parameters: r.par, epochs: r.ep,
    started: r.when[0], finished: r.when[1], dataHash: at(r.hash[0]), splitHash: at(r.hash[1]), version: at(r.v),
    settings: at(r.set), packages: at(r.pkg), command: at(r.cmd), origin: at(r.from), ceiling: at(r.ceil) || "",
    again: { command: at(r.again[0]), python: r.again[1], note: at(r.again[2]) },
    notes: (r.notes || []).map(at), labels: Boolean(r.lab), missing: at(r.no) || "",
    history: r.h ? historyOf(r.h, at) : null,
    answers: side ? answers(side, r.p) : null,
    kept: (r.kept || []).map(([title, words, file, data, wide, tall, note]) => ({ title: at(title), words: at(words), file: at(file), data, wide, tall, note })),
    left: (r.left || []).map(at), less: Boolean(r.less),
  };
}

function historyOf(h, at) {
  const names = at(h.names);
  const columns = {};
  const epochs = h.at || Array.from({ length: h.n }, (_, i) => i + 1);
  names.forEach((name, i) => { columns[name] = column(h.v[i], epochs.length); });
  return { names, columns, epochs, count: h.n, fits: h.fit || null, base: at(h.base) || {} };
}

// A curve of report/_runs.py: flat, or steps between its lowest and its highest value.
function column([low, high, log, text], n) {
  if (text === undefined) return Array(n).fill(low);
  const numbers = new DataView(bytesOf(text).buffer);
  return Array.from({ length: n }, (_, i) => {
    const step = numbers.getUint16(2 * i, true);
    if (step === 65535) return null;
    const part = step / 65534;
    return Number((log ? low * (high / low) ** part : low + part * (high - low)).toPrecision(5));
  });
}

const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

// Rows that are shown: `actual` and `predicted` hold one array an output.
function answers(side, p) {
  const k = side.cols.length;
  const table = (text) => {
    const bytes = bytesOf(text);
    const numbers = new DataView(bytes.buffer);
    return side.cols.map((_, j) => Array.from({ length: bytes.length / 2 / k }, (_, i) => numbers.getInt16(2 * (i * k + j), true) / side.scale[j]));
  };
  const actual = table(side.a);
  const predicted = table(p.d);
  const n = actual[0].length;
  const step = side.pairs.map(([x, y]) => Array.from({ length: n }, (_, i) => Math.hypot(predicted[x][i] - actual[x][i], predicted[y][i] - actual[y][i])));
  const errors = Array.from({ length: n }, (_, i) => {
    if (step.length) return Math.max(...step.map((d) => d[i]));
    if (side.kind === "class") return actual.some((a, j) => a[i] !== Math.round(predicted[j][i])) ? 1 : 0;
    return mean(actual.map((a, j) => Math.abs(a[i] - predicted[j][i])));
  });
  const hits = side.whole && side.scale.every((steps) => steps >= 2) ? errors.map((_, i) => actual.every((a, j) => Math.floor(a[i] + 0.5) === Math.floor(predicted[j][i] + 0.5))) : null;
  return { side, actual, predicted, errors, distances: step, hits, n, far: p.far || 0 };
}

const mean = (values) => values.reduce((sum, v) => sum + v, 0) / Math.max(values.length, 1);

function quantile(sorted, q) {
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  return sorted[low] + (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]) * (at - low);
}

// Figures as people read them; close to 1 it shows how close.
function write(value, name = "") {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (/^(hit|hit1|accuracy|support_)/.test(name)) return `${(100 * value).toFixed(1)} %`.replace("-", "−");
  if (value < 1 && value > 0.9995) return `1 − ${(1 - value).toExponential(0).replace("e-", "e−")}`;
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e9) return value.toLocaleString("en").replace("-", "−");
  const text = size >= 1e6 || (size && size < 1e-3) ? value.toExponential(1).replace("e+", "e") : size < 10 ? String(Number(value.toFixed(3))) : size < 1000 ? value.toFixed(1) : Math.round(value).toLocaleString("en");
  return text.replaceAll("-", "−");
}

const seconds = (value) => (value === null || value === undefined ? "–" : value < 1 ? `${Math.round(1000 * value)} ms` : value < 90 ? `${value.toFixed(1)} s` : `${(value / 60).toFixed(1)} min`);
