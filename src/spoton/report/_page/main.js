// Views by the part of the address behind #: links can be sent, and the back button works.
const VIEWS = ["board", "overview", "why", "run", "compare", "2020", "failures"];
const shown = { key: "" };

function say(text) {
  byId("said").textContent = text;
}

// #run=ID, #compare=ID,ID, #board&task=..., #overview, #why, #why=NAME, #2020, #failures
function route() {
  const words = new URLSearchParams(location.hash.slice(1));
  const name = VIEWS.find((view) => words.has(view)) || "board";
  return { name, value: words.get(name) || "", words };
}

// Of a served page, runs beyond those that came with it are asked for, and those that came with less than there is.
async function fetched(id) {
  const found = find(id);
  if ((found && !found.less) || element.dataset.live !== "1" || !/^[0-9a-f]{4,32}$/.test(id)) return found;
  const answer = await fetch(`run/${id}`).catch(() => null);
  if (!answer?.ok) return found;
  documents.push(await answer.json());
  return find(id);
}

const lostRun = (id) => [el("h1", { tabindex: "-1" }, "No such run here"), el("p", { class: "lead" }, `This page has no run ${id}. It may have been made anew, or keep only the best and the worst runs of each row.`), el("p", {}, el("a", { href: "#board" }, "To the leaderboard"))];

async function navigate(first = false) {
  const { name, value, words } = route();
  const key = `${name}=${value}`;
  const again = key === shown.key;
  shown.key = key;
  if (name === "board") {
    boardRead(words);
    boardShow();
  }
  if (!again && (name === "run" || name === "compare")) {
    const ids = value.split(",").slice(0, name === "run" ? 1 : 2);
    const runs = await Promise.all(ids.map((id) => fetched(id).catch(() => null)));
    if (key !== shown.key) return;
    const missing = ids.find((_, i) => !runs[i]);
    const whole = missing === undefined && (name === "run" || runs.length === 2);
    byId(`view-${name}`).replaceChildren(...(whole ? (name === "run" ? runView(runs[0]) : compareView(...runs)) : lostRun(missing || value)));
  }
  for (const view of VIEWS) byId(`view-${view}`).hidden = view !== name;
  const wanted = name === "why" && value ? byId(`why-${value}`) : null;
  if (wanted) wanted.open = true;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const head = byId(`view-${name}`).querySelector("h1");
  document.title = `${head ? head.textContent.trim() : "spoton"} · spoton`;
  if (!first && !again) {
    // the board comes back where it was left
    window.scrollTo(0, name === "board" ? shown.scroll || 0 : 0);
    (wanted ? wanted.querySelector("summary") : head)?.focus({ preventScroll: !wanted });
  }
}

function themeStart() {
  const button = byId("theme"), names = ["", "light", "dark"];
  const kept = () => { try { return localStorage.getItem("spoton-theme") || ""; } catch { return ""; } };
  const set = (name) => {
    if (name) document.documentElement.dataset.theme = name;
    else delete document.documentElement.dataset.theme;
    button.textContent = `Theme: ${name || "system"}`;
  };
  set(kept());
  button.hidden = false;
  button.addEventListener("click", () => {
    const next = names[(names.indexOf(document.documentElement.dataset.theme || "") + 1) % names.length];
    try { localStorage.setItem("spoton-theme", next); } catch { /* a page without a store of its own */ }
    set(next);
  });
}

history.scrollRestoration = "manual";
byId("plain").remove();
themeStart();
boardStart();
bars(byId("view-overview"));
liveStart();
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address keeps the view
  byId("main").focus();
});
window.addEventListener("scroll", () => { if (shown.key.startsWith("board")) shown.scroll = window.scrollY; }, { passive: true });
window.addEventListener("hashchange", () => navigate());
navigate(true);
