// One run: figures, pictures, how it learned, where it comes from, how it is repeated.
function lineOf(run) {
  return main().cells.find((cell) => cell.runs.includes(run.id)) || null;
}

const shortId = (id) => id.slice(0, 10);

const badge = (run) => el("span", { class: `badge ${run.status}` }, run.status);

function runView(run) {
  const cell = lineOf(run);
  const part = [
    el("p", { class: "crumb" }, el("a", { href: `#board&task=${encodeURIComponent(run.task)}` }, run.task)),
    el("h1", { tabindex: "-1" }, el("span", { class: "mono" }, run.label), ` on ${run.task}`),
    el("p", { class: "lead" }, badge(run), ` seed ${run.seed}`, run.train ? `, trained on ${run.train.toLocaleString("en")} rows` : "", run.epochs ? `, ${run.epochs} epochs` : "", run.fit !== null && run.fit !== undefined ? `, fitted in ${seconds(run.fit)}` : "", run.parameters ? `, ${run.parameters.toLocaleString("en")} parameters` : "", run.labels ? ", was told the labels" : ""),
    cell ? seeds(run, cell) : null,
    run.reason ? el("p", { class: "callout bad" }, run.reason) : null,
    run.ceiling ? el("p", { class: "callout" }, `Nobody can be perfect here: ${run.ceiling}`) : null,
    run.notes.length ? el("details", {}, el("summary", {}, `${run.notes.length} warning${run.notes.length > 1 ? "s" : ""} in the fit`), el("ul", {}, run.notes.map((note) => el("li", {}, note)))) : null,
    against(run),
    el("div", { class: "two" }, el("section", { "aria-label": "Figures" }, el("h2", {}, "Figures"), figures(run)), el("section", { "aria-label": "How to repeat it" }, el("h2", {}, "Repeat it"), again(run))),
    pictures(run),
    el("div", { id: "kept" }, kept(run)),
    el("div", { class: "two" }, el("section", {}, el("h2", {}, "Where it comes from"), provenance(run)), el("section", {}, el("h2", {}, "Parameters of the learner"), settings(run))),
  ];
  return part.filter(Boolean);
}

function seeds(run, cell) {
  return el("ul", { class: "seeds", "aria-label": "Runs of this learner on this task" }, cell.runs.map((id) => {
    const other = find(id);
    const value = other.status === "ok" ? write(other.metrics.valid?.[cell.by], cell.by) : other.status;
    return el("li", {}, el("a", { href: `#run=${shortId(id)}`, class: other.status === "ok" ? null : other.status, "aria-current": id === run.id ? "page" : null }, `seed ${other.seed}: ${value}${other.kept.length ? ", with a picture" : ""}`));
  }));
}

function against(run) {
  const same = main().cells.filter((cell) => main().pool[cell.t] === run.task && cell.runs.length && !cell.runs.includes(run.id));
  if (!same.length) return null;
  const options = same.map((cell) => {
    const id = cell.runs.find((other) => find(other).seed === run.seed) || cell.runs[0];
    return el("option", { value: id }, main().pool[cell.l]);
  });
  return el("p", { class: "acts" }, el("label", {}, "compare with ", el("select", { onchange: (event) => { if (event.target.value) location.hash = `compare=${shortId(run.id)},${shortId(event.target.value)}`; } }, el("option", { value: "" }, "another learner"), options)));
}

// Metrics of the whole answer first, those of single outputs behind.
function figures(run) {
  const sides = Object.keys(run.metrics);
  if (!sides.length) return el("p", { class: "dim" }, "There are no figures.");
  const names = [...new Set(sides.flatMap((side) => Object.keys(run.metrics[side])))];
  const rows = (list) => list.map((name) => {
    const about = main().metrics[name.split(":")[0]];
    const unit = about && about.unit !== "1" ? `, ${about.unit}` : "";
    return [el("span", { title: about ? about.about : null }, name, el("span", { class: "dim" }, `${unit} ${about ? (about.up ? "↑" : "↓") : ""}`)), ...sides.map((side) => write(run.metrics[side][name], name))];
  });
  const heads = ["", ...sides.map((side) => `${side}${run.rows[side] ? ` (${run.rows[side].toLocaleString("en")})` : ""}`)];
  const single = names.filter((name) => name.includes(":"));
  return el("div", {}, table(heads, rows(names.filter((name) => !name.includes(":")))), el("p", { class: "legend" }, "↑ more is better, ↓ less. In brackets: rows."),
    single.length ? el("details", {}, el("summary", {}, `Each output (${single.length})`), table(heads, rows(single))) : null);
}

function copyable(text, what) {
  const button = el("button", { type: "button", onclick: async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = el("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      button.focus();
    }
    say(`${what} copied`);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  } }, "Copy");
  button.setAttribute("aria-label", `Copy ${what}`);
  return el("div", { class: "copy" }, el("pre", {}, el("code", {}, text)), button);
}

function again(run) {
  const { command, python, note } = run.again;
  const made = run.command && run.command !== command ? [el("h3", {}, "It was made by"), copyable(run.command, "the command that made it")] : [];
  const commit = run.origin.spoton_commit;
  const code = commit && !run.origin.spoton_dirty ? copyable(`git checkout ${commit.slice(0, 12)}`, "the checkout of the code") : null;
  return el("div", {}, command ? copyable(command, "the command") : null, python ? copyable(python, "the Python") : null, note ? el("p", { class: "dim small" }, note) : null,
    code ? [el("h3", {}, "With the code of then"), code] : null, made);
}

function pictures(run) {
  const list = [];
  if (run.answers) {
    const { side } = run.answers;
    const pairs = side.pairs.length;
    if (pairs) list.push(thumbs(run));
    if (side.kind !== "class") list.push(...agreements(run));
    if (pairs) list.push(residuals(run), places(run), distances(run));
    list.push(classes(run));
  }
  if (run.history) list.push(curves([[run.history, ["s0", "s1", "s2"], ""]], run.answers || run.metrics.valid ? "Dashed: what the mean of the training answers would have." : ""));
  const some = run.answers && run.answers.n < run.answers.side.n ? `Of ${run.answers.side.n.toLocaleString("en")} validation rows, ${run.answers.n} are drawn, evenly chosen; figures are of all.` : "";
  const why = run.missing ? `No pictures of its predictions: ${run.missing}` : "";
  if (!list.length && !why) return null;
  return el("section", { "aria-label": "Pictures" }, el("h2", {}, run.history && !run.answers ? "How it learned" : "Pictures"),
    some ? el("p", { class: "legend" }, some) : null, why ? el("p", { class: "callout" }, `${why}${/[.!?]$/.test(why) ? "" : "."}`) : null,
    el("div", { class: "pictures" }, list.filter(Boolean)));
}

// Artifacts of the run that are pictures: those who made them drew them, so they have colours of their own.
function kept(run) {
  if (!run.kept.length && !run.left.length) return [];
  const figures = run.kept.map((one) => el("figure", { class: "wide" }, el("h3", {}, one.title),
    el("img", { class: "kept", alt: one.words || `The picture ${one.file}, which was kept with this run; nobody described it`, src: `data:image/png;base64,${one.data}`, width: one.wide, height: one.tall }),
    el("figcaption", {}, one.words, one.words ? el("br") : null, el("code", {}, one.file), one.note ? `, here in ${one.note}` : "", ".")));
  return [el("h2", {}, "Kept with this run"), ...run.left.map((words) => el("p", { class: "callout" }, `${words}.`)), el("div", { class: "pictures" }, figures)];
}

function code(commit, dirty) {
  if (!commit) return null;
  return el("span", {}, el("code", {}, commit.slice(0, 12)), dirty ? el("b", {}, " and changes that are not committed") : dirty === false ? ", clean" : "");
}

function origins(run) {
  const o = run.origin;
  return [
    ["run", run.id], ["began", run.started ? `${run.started.replace("T", " ")} UTC` : ""], ["ended", run.finished ? `${run.finished.replace("T", " ")} UTC` : ""],
    ["fit", seconds(run.fit)], ["predict, validation", seconds(run.predict)],
    ["spoton", run.version], ["spoton's commit", code(o.spoton_commit, o.spoton_dirty)], ["folder's commit", code(o.folder_commit, o.folder_dirty)],
    ["Python", o.python], ["platform", o.platform], ["processor", o.cpu], ["graphics", o.gpu],
    ["hash of the data", run.dataHash], ["hash of the split", run.splitHash], ["command", run.command],
  ];
}

function provenance(run) {
  const packages = Object.entries(run.packages || {});
  return el("div", {}, facts(origins(run)), packages.length ? el("details", {}, el("summary", {}, `${packages.length} packages`), facts(packages)) : null);
}

const told = (value) => (value === null || value === undefined ? "None" : value === true ? "True" : value === false ? "False" : typeof value === "object" ? JSON.stringify(value) : String(value));

function settings(run) {
  const pairs = Object.entries(run.settings || {});
  return pairs.length ? el("div", { class: "tall", tabindex: "0", role: "region", "aria-label": "Parameters" }, facts(pairs.map(([name, value]) => [name, told(value)]))) : el("p", { class: "dim" }, "They were not kept.");
}
