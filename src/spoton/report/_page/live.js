// A served page asks for news; what is open, chosen and in focus stays as it is.
const PAUSE = 2000;
let stamp = element.dataset.stamp;

function liveStart() {
  if (element.dataset.live !== "1") return;
  const shown = byId("live");
  shown.hidden = false;
  shown.textContent = "live";
  let lost = false;
  const ask = async () => {
    try {
      const answer = await fetch("stamp", { cache: "no-store" });
      if (!answer.ok) throw new Error(answer.status);
      const now = await answer.json();
      if (lost) say("connected again");
      lost = false;
      shown.classList.remove("off");
      shown.textContent = `live, ${now.runs.toLocaleString("en")} runs`;
      if (now.stamp !== stamp && !document.hidden) await renew();
    } catch {
      if (!lost) say("the server does not answer");
      lost = true;
      shown.classList.add("off");
      shown.textContent = "the server does not answer";
    }
    setTimeout(ask, lost ? 2 * PAUSE : PAUSE);
  };
  setTimeout(ask, PAUSE);
}

// The page anew: tables and data are taken from it, and put in the place of the old ones.
async function renew() {
  const answer = await fetch("./", { cache: "no-cache" });
  if (!answer.ok) throw new Error(answer.status);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const data = fresh.getElementById("data");
  const before = new Map(main().cells.map((cell) => [nameOf(cell), cell.runs.length]));
  const hadBoard = Boolean(byId("board"));
  if (!hadBoard || !fresh.getElementById("board")) {
    location.reload();
    return;
  }
  documents = [JSON.parse(data.textContent)];
  stamp = data.dataset.stamp;
  for (const id of ["board-live", "view-overview", "view-failures", "view-2020"]) byId(id).replaceChildren(...adopt(fresh.getElementById(id)));
  bars(byId("view-overview"));
  newWhys(fresh);
  const count = document.querySelector('nav a[data-view="failures"]');
  count.replaceChildren(...adopt(fresh.querySelector('nav a[data-view="failures"]')));
  newRows(fresh.getElementById("board"), before);
  newTasks(fresh.getElementById("f-task"));
  boardShow();
  // a run never changes: only what stands around and beside it may
  if (!byId("view-run").hidden) await refreshRun();
}

// Diagnoses that were open stay open.
function newWhys(fresh) {
  const open = [...document.querySelectorAll("details.why")].map((one) => [one.id, one.open]);
  byId("view-why").replaceChildren(...adopt(fresh.getElementById("view-why")));
  for (const [id, was] of open) if (byId(id)) byId(id).open = was;
  const link = 'nav a[data-view="why"]';
  document.querySelector(link).hidden = fresh.querySelector(link).hidden;
}

const adopt = (from) => [...from.childNodes].map((node) => document.adoptNode(node));

const nameOf = (cell) => JSON.stringify([main().pool[cell.t], main().pool[cell.l]]);

function newRows(from, before) {
  const board = byId("board"), focused = document.activeElement, [x, y] = [window.scrollX, window.scrollY];
  const label = board.contains(focused) ? focused.getAttribute("aria-label") || focused.getAttribute("href") || focused.textContent : null;
  const inHead = board.tHead.contains(focused);
  const found = main();
  if (!inHead || from.tHead.textContent !== board.tHead.textContent) board.tHead.replaceChildren(...adopt(from.tHead));
  for (const body of [...board.tBodies]) body.remove();
  for (const body of [...from.tBodies]) {
    for (const row of body.rows) {
      const cell = found.cells[row.dataset.i];
      if (cell && before.get(nameOf(cell)) !== cell.runs.length) row.classList.add("fresh");
    }
    board.append(document.adoptNode(body));
  }
  if (label !== null && !inHead) {
    const again = [...board.querySelectorAll("a, input")].find((one) => (one.getAttribute("aria-label") || one.getAttribute("href")) === label);
    again?.focus({ preventScroll: true });
  }
  window.scrollTo(x, y);
}

function newTasks(from) {
  const select = byId("f-task");
  if (select.options.length === from.options.length) return;
  const chosen = select.value;
  select.replaceChildren(...adopt(from));
  select.value = chosen;
}

async function refreshRun() {
  const before = shown.key;
  const run = await fetched(before.split("=")[1]);
  if (!run || shown.key !== before) return;
  const list = byId("view-run").querySelector(".seeds");
  const cell = lineOf(run);
  if (list && cell) list.replaceWith(seeds(run, cell));
  const images = byId("kept").getElementsByTagName("img");
  if ([...images].map((one) => one.src).join() !== run.kept.map((one) => `data:image/png;base64,${one.data}`).join()) byId("kept").replaceChildren(...kept(run));
}
