// Keeps an open page true. Without this script the page is whole, and "Reload" does the same.
"use strict";

const PERIOD = 5000; // milliseconds; measurements change without the board changing
const connection = document.getElementById("connection");
const shown = new Map(); // region -> the HTML that was served for it
let etag = null;
let timer = 0;
let busy = false;
let again = false;
let heard = Date.now();

const regions = (root) => new Map([...root.querySelectorAll("[data-live]")].map((each) => [each.dataset.live, each]));

function friendly(root) {
  for (const time of root.querySelectorAll("time")) {
    const when = new Date(time.dateTime);
    time.title = time.textContent;
    time.textContent = when.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  }
  for (const button of root.querySelectorAll("button[data-copy]")) {
    button.hidden = !navigator.clipboard;
  }
}

// What people had opened or were at stays so, whatever is put in its place.
function replace(old, fresh) {
  const open = new Set([...old.querySelectorAll("details[open]")].map((each) => each.id));
  const reachable = "a, button, input, summary, [tabindex]";
  const at = [...old.querySelectorAll(reachable)].indexOf(document.activeElement);
  const scrolled = [...old.querySelectorAll(".scroll")].map((each) => each.scrollLeft);
  for (const each of fresh.querySelectorAll("details")) each.open = open.has(each.id);
  friendly(fresh);
  old.replaceWith(fresh);
  [...fresh.querySelectorAll(".scroll")].forEach((each, index) => { each.scrollLeft = scrolled[index] || 0; });
  if (at >= 0) ([...fresh.querySelectorAll(reachable)][at] || document.getElementById("main")).focus({ preventScroll: true });
}

function isSelecting(region) {
  const selection = getSelection();
  return !selection.isCollapsed && region.contains(selection.anchorNode);
}

function show(page) {
  const here = regions(document);
  const there = regions(page);
  if ([...here.keys()].join() !== [...there.keys()].join()) {
    const main = page.getElementById("main");
    shown.clear();
    for (const [name, region] of there) shown.set(name, region.outerHTML);
    replace(document.getElementById("main"), main);
    document.title = page.title;
    return;
  }
  for (const [name, region] of there) {
    const html = region.outerHTML;
    if (shown.get(name) === html || isSelecting(here.get(name))) continue;
    shown.set(name, html);
    replace(here.get(name), region);
  }
}

function say(state, text) {
  if (connection.textContent === text) return;
  connection.className = `connection ${state}`;
  connection.textContent = text;
}

async function look() {
  const headers = etag ? { "If-None-Match": etag } : {};
  const answer = await fetch(location.href, { headers, cache: "no-store", signal: AbortSignal.timeout(15000) });
  if (answer.status !== 304) {
    if (!(answer.headers.get("Content-Type") || "").startsWith("text/html")) throw new Error("this is no page");
    show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    etag = answer.headers.get("ETag");
  }
  heard = Date.now();
  say("live", "Live");
}

async function refresh() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  clearTimeout(timer);
  try {
    await look();
  } catch {
    const since = new Date(heard).toLocaleTimeString([], { timeStyle: "short" });
    say("lost", `No connection: this is what was known at ${since}`);
  }
  busy = false;
  timer = setTimeout(refresh, again ? 0 : PERIOD);
  again = false;
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) clearTimeout(timer);
  else refresh();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
  button.textContent = "Copied";
});

for (const [name, region] of regions(document)) shown.set(name, region.outerHTML);
friendly(document);
const events = new EventSource(document.body.dataset.events);
events.addEventListener("snapshot", refresh);
addEventListener("pagehide", () => events.close());
timer = setTimeout(refresh, PERIOD);
