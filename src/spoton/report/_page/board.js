// Sorting, filtering and choosing rows of the leaderboard. The rows themselves come with the page.
const byId = (id) => document.getElementById(id);
const state = { sort: "", up: false, task: "", text: "", ok: false, flat: false, picked: [] };

function boardStart() {
  const board = byId("board");
  if (!board) return;
  board.querySelector("thead").addEventListener("click", (event) => {
    const head = event.target.closest("th[data-key]");
    if (!head || !event.target.closest("button")) return;
    const words = ["learner", "task"].includes(head.dataset.key), first = words || head.dataset.up === "0";
    if (state.sort !== head.dataset.key) Object.assign(state, { sort: head.dataset.key, up: first });
    else if (state.up === first) state.up = !first;
    else state.sort = "";
    boardChanged();
  });
  for (const [id, name] of [["f-task", "task"], ["f-text", "text"], ["f-ok", "ok"], ["f-flat", "flat"]]) {
    byId(id).addEventListener("input", (event) => {
      state[name] = event.target.type === "checkbox" ? event.target.checked : event.target.value;
      boardChanged();
    });
  }
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  board.addEventListener("change", (event) => {
    if (event.target.closest(".pick")) pick(event.target);
  });
  byId("compare-no").addEventListener("click", () => {
    state.picked = [];
    showPicked();
  });
}

// What is chosen stands in the address, so that it can be sent and come back to.
function boardHash() {
  const words = new URLSearchParams();
  for (const name of ["task", "text", "sort"]) if (state[name]) words.set(name, state[name]);
  if (state.sort) words.set("up", state.up ? "1" : "0");
  for (const name of ["ok", "flat"]) if (state[name]) words.set(name, "1");
  const text = words.toString();
  return text ? `#board&${text}` : "#board";
}

function boardRead(words) {
  for (const name of ["task", "text", "sort"]) state[name] = words.get(name) || "";
  state.up = words.get("up") === "1";
  for (const name of ["ok", "flat"]) state[name] = words.get(name) === "1";
}

function boardChanged() {
  if (location.hash !== boardHash()) history.replaceState(null, "", boardHash());
  boardShow();
}

function boardShow() {
  const board = byId("board");
  if (!board) return;
  for (const [id, name] of [["f-task", "task"], ["f-text", "text"]]) if (byId(id).value !== state[name]) byId(id).value = state[name];
  byId("f-ok").checked = state.ok;
  byId("f-flat").checked = state.flat;
  board.classList.toggle("flat", state.flat);
  order(board);
  const wanted = state.text.trim().toLowerCase();
  let shown = 0, whole = 0;
  for (const body of board.tBodies) {
    let any = 0;
    for (const row of body.rows) {
      if (row.classList.contains("group")) continue;
      const cell = main().cells[row.dataset.i];
      const fits = (!state.task || row.dataset.task === state.task) && (!wanted || main().pool[cell.l].toLowerCase().includes(wanted)) && (!state.ok || !row.querySelector(".reason"));
      row.hidden = !fits;
      any += fits;
      whole += 1;
    }
    shown += any;
    body.hidden = !any;
  }
  byId("f-count").textContent = shown === whole ? `${whole} rows` : shown ? `${shown} of ${whole} rows` : "no row fits; clear a filter";
  for (const head of board.querySelectorAll("thead th")) {
    if (head.dataset.key === state.sort) head.setAttribute("aria-sort", state.up ? "ascending" : "descending");
    else head.removeAttribute("aria-sort");
  }
  showPicked();
}

// Rows go back to the body they came from, in the order of the page, unless another is asked for.
function order(board) {
  const rows = [...board.querySelectorAll("tbody tr:not(.group)")];
  for (const row of rows) {
    row.home ||= row.parentElement;
    row.dataset.task ||= row.home.dataset.task;
  }
  const column = [...board.tHead.rows[0].cells].findIndex((head) => head.dataset.key === state.sort);
  const words = ["learner", "task"].includes(state.sort);
  const value = (row) => {
    if (words) return state.sort === "task" ? row.dataset.task : main().pool[main().cells[row.dataset.i].l].toLowerCase();
    const v = row.cells[column]?.dataset.v;
    return v === undefined ? NaN : Number(v);
  };
  const sorted = rows.map((row) => [value(row), Number(row.dataset.i), row]);
  const way = state.up ? 1 : -1;
  sorted.sort((one, other) => {
    if (column < 0) return one[1] - other[1];
    if (words) return way * one[0].localeCompare(other[0]) || one[1] - other[1];
    if (Number.isNaN(one[0]) || Number.isNaN(other[0])) return Number.isNaN(one[0]) - Number.isNaN(other[0]) || one[1] - other[1];
    return way * (one[0] - other[0]) || one[1] - other[1];
  });
  const first = board.tBodies[0];
  const focused = document.activeElement;
  for (const [, , row] of sorted) (state.flat ? first : row.home).append(row);
  if (focused && focused !== document.activeElement && board.contains(focused)) focused.focus();
  bars(board);
}

// The length of the bar behind the figure that ranks a task: from 0 to 1.
function bars(table) {
  for (const cell of table.querySelectorAll("td.main")) cell.style.setProperty("--part", `${Math.round(100 * Math.min(1, Math.max(0, Number(cell.dataset.v) || 0)))}%`);
}

function pick(box) {
  const id = box.closest("tr").dataset.best;
  state.picked = state.picked.filter((other) => other !== id);
  if (box.checked) state.picked = [...state.picked, id].slice(-2);
  showPicked();
}

function showPicked() {
  const board = byId("board"), bar = byId("compare-bar");
  const names = new Map();
  for (const row of board.querySelectorAll("tbody tr:not(.group)")) {
    const chosen = state.picked.includes(row.dataset.best);
    row.querySelector(".pick input").checked = chosen;
    if (chosen) names.set(row.dataset.best, main().pool[main().cells[row.dataset.i].l]);
  }
  bar.hidden = !state.picked.length;
  const two = state.picked.length === 2;
  byId("compare-what").textContent = state.picked.map((id) => names.get(id)).join(" against ") + (two ? "" : ": choose one more row");
  byId("compare-go").hidden = !two;
  if (two) byId("compare-go").href = `#compare=${pairOf(...state.picked).join(",")}`;
}

// The best runs of two rows may be of two seeds: on the same rows they compare better.
function pairOf(one, other) {
  const runs = main().runs, cell = main().cells.find((held) => held.runs.includes(other));
  const same = runs[one] && cell && cell.runs.find((id) => runs[id].seed === runs[one].seed && runs[id].st === runs[other].st);
  return [one, same || other];
}
