"use strict";
// Everything shown goes through textContent: a name is never markup.
const $ = id => document.getElementById(id);
const KEPT = 500; // requests
const SHOWN = 100; // rows of a list
const STATES = ["CREATING", "IDLE", "UPDATING", "REPAIRING", "DELETING"];

function el(tag, text, className, ...children) {
  const node = document.createElement(tag);
  if (text !== undefined && text !== null) node.textContent = text;
  if (className) node.className = className;
  node.append(...children);
  return node;
}
function button(text, does, className) {
  const node = el("button", text, className);
  node.type = "button";
  node.addEventListener("click", does);
  return node;
}
function table(target, heads, rows) {
  const head = el("tr", null, null, ...heads.map(text => el("th", text)));
  target.replaceChildren(head, ...rows.map(cells =>
    el("tr", null, null, ...cells.map(cell => cell instanceof Node ? cell : el("td", cell)))));
}

async function ask(method, path, body) {
  const reply = await fetch("/_emulator/" + path, {
    method, cache: "no-store", headers: body === undefined ? {} : {"content-type": "application/json"},
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = await reply.json();
  if (!reply.ok) throw new Error(answer.error || `${reply.status}`);
  return answer;
}
// An order of the user's: what is wrong with it is shown.
async function order(method, path, body) {
  try {
    await ask(method, path, body);
    $("error").hidden = true;
  } catch (error) {
    $("error").textContent = error.message;
    $("error").hidden = false;
  }
  await refresh();
}

// What is drawn again only when it has changed, and never while the user is in it.
const drawn = new Map();
function redraw(part, value, draw) {
  const text = JSON.stringify(value);
  const inUse = part.contains(document.activeElement) && document.activeElement.tagName === "SELECT";
  if (drawn.get(part) === text || inUse) return;
  drawn.set(part, text);
  draw();
}

function showProjects(projects, wanted) {
  const parts = projects.map(project => {
    const found = project.instances.filter(instance => matches(wanted, [instance.name, instance.state, instance.kind,
      instance.provider, instance.region, ...Object.entries(instance.tags).map(tag => tag.join("="))]));
    const title = el("h3", project.name + " ", null, el("code", project.id, "soft"));
    if (!found.length) return el("div", null, null, title, el("p", wanted ? "None is found." : "No instances.", "soft"));
    const list = el("table");
    table(list, ["state", "name", "kind", "provider", "region", "protected", "created", "tags", ""],
      found.slice(0, SHOWN).map(instance => instanceRow(project, instance)));
    const part = el("div", null, null, title, el("div", null, "wide", list));
    const more = project.instance_count - Math.min(found.length, SHOWN);
    if (more > 0) part.append(el("p", wanted ? `${found.length} are found` : `and ${more} more: search`, "soft"));
    return part;
  });
  $("projects").replaceChildren(...parts);
}
function instanceRow(project, instance) {
  const path = `instances/${project.id}/${encodeURIComponent(instance.name)}`;
  const change = el("select");
  change.setAttribute("aria-label", `State of ${instance.name}`);
  change.append(...STATES.map(state => { const option = el("option", state); option.selected = state === instance.state; return option; }));
  change.addEventListener("change", () => { change.blur(); order("PATCH", path, {state: change.value}); });
  const state = el("td", null, null, el("span", instance.state, "state " + instance.state));
  const doing = el("td", null, null, change, " ", button("delete", () => order("DELETE", path), "danger"));
  return [state, el("td", instance.name, "m"), instance.kind, instance.provider, instance.region,
    instance.termination_protection ? "yes" : "", instance.created,
    el("td", Object.entries(instance.tags).map(tag => tag.join("=")).join(", "), "grow"), doing];
}
function showFaults(faults) {
  const targets = ["method", "endpoint", "operation", "path", "name", "authorization"];
  table($("faults"), faults.length ? ["what", "times left", "skip", "met", "hits", ""] : [], faults.map(fault => [
    el("td", fault.kind, "m"), fault.times ?? "always", fault.skip, fault.applied,
    el("td", targets.filter(key => fault[key]).map(key => `${key} ${fault[key]}`).join(", ") || "any of the API", "grow"),
    el("td", null, null, button("cancel", () => order("DELETE", `faults/${fault.id}`)))]));
}

// Requests by number: those of the last minutes, newest first on the page.
const requests = new Map();
const open = new Set();
function matches(wanted, texts) {
  const all = texts.join(" ").toLowerCase();
  return wanted.toLowerCase().split(/\s+/).every(word => all.includes(word));
}
function showRequests() {
  const wanted = $("find-request").value.trim();
  const all = [...requests.values()].sort((a, b) => b.id - a.id);
  const found = all.filter(r => matches(wanted, [r.method, r.path, r.query, r.status, r.outcome, r.operation,
    r.error_code, r.name, r.authorization, r.fault && "fault " + r.fault.kind].filter(Boolean)));
  const rows = found.slice(0, SHOWN);
  redraw($("requests"), [rows, wanted], () => $("requests").replaceChildren(...rows.map(showRequest)));
  $("more-requests").textContent = !all.length ? "None yet."
    : !found.length ? "None is found." : found.length > SHOWN ? `and ${found.length - SHOWN} earlier ones: search` : "";
}
function showRequest(r) {
  const answered = r.outcome === "answered";
  const why = [r.operation, r.error_code, r.refusal, r.fault && `fault ${r.fault.kind}`].filter(Boolean).join(" · ");
  const row = el("details", null, "request", el("summary", null, null,
    el("span", r.at.slice(11, 23), "m soft"),
    el("span", answered ? r.status : r.outcome, "m " + (answered ? "s" + Math.floor(r.status / 100) : "lost")),
    el("span", r.method, "m"), el("span", r.path + (r.query ? "?" + r.query : ""), "m"), el("span", why, "soft")));
  row.open = open.has(r.id);
  if (row.open) row.append(detail(r));
  row.addEventListener("toggle", () => {
    if (row.open) { open.add(r.id); if (row.children.length === 1) row.append(detail(r)); } else open.delete(r.id);
  });
  return row;
}
function detail(r) {
  const headers = Object.entries(r.headers).map(([name, value]) => `${name}: ${value}`).join("\n");
  const facts = [["credentials", r.authorization], ["of", r.identity], ["took", r.elapsed_seconds === null ? null : `${r.elapsed_seconds} s`]];
  const said = value => value === null ? "none" : typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return el("div", null, null,
    el("p", facts.filter(fact => fact[1]).map(fact => fact.join(" ")).join(", "), "soft"),
    el("div", null, "parts",
      el("div", null, null, el("h3", "Request headers"), el("pre", headers), el("h3", "Request body"), el("pre", said(r.body))),
      el("div", null, null, el("h3", "Reply"), el("pre", said(r.reply)))));
}

let state = null;
let greeted = false;
async function refresh() {
  state = await ask("GET", "state");
  if (state.counters.requests < requests.size) requests.clear(); // it was reset
  for (const r of state.requests) requests.set(r.id, r);
  for (const id of [...requests.keys()].sort((a, b) => a - b).slice(0, Math.max(0, requests.size - KEPT))) requests.delete(id);
  $("url").textContent = state.url;
  $("now").textContent = state.now.replace("T", " ").slice(0, 19);
  $("clock").textContent = {manual: "stands still", auto: "is moved by waits"}[state.clock] ?? "";
  $("still").textContent = state.clock === "real" ? "stand still" : "go on";
  if (document.activeElement !== $("calendar")) $("calendar").value = state.calendar;
  const c = state.counters;
  redraw($("numbers"), c, () => $("numbers").replaceChildren(...[["stored", c.stored], ["created", c.created],
    ["deleted", c.deleted], ["requests", c.requests], ["faults met", c.faults], ["live tokens", c.live_tokens]].map(
    ([name, value]) => el("li", null, null, el("b", value), el("span", " " + name, "soft")))));
  const wanted = $("find-instance").value.trim();
  redraw($("projects"), [state.projects, wanted], () => showProjects(state.projects, wanted));
  const nothing = !c.stored && !c.requests;
  $("empty").hidden = !nothing;
  if (nothing && !greeted) $("begin").open = true;
  greeted = true;
  redraw($("faults"), state.faults, () => showFaults(state.faults));
  showRequests();
}
async function poll() {
  try {
    await refresh();
    $("away").hidden = true;
  } catch {
    $("away").hidden = false;
  }
  setTimeout(poll, document.hidden ? 5000 : 1000);
}

function connect(d) {
  const quoted = value => `'${String(value).replaceAll("'", "'\\''")}'`;
  const variables = {BASE_URL: d.url, PROJECT_ID: d.group_id, ORG_ID: d.org_id, CLIENT_ID: d.client_id, CLIENT_SECRET: d.client_secret,
    OPS_MANAGER_URL: d.url + "/"};
  $("environment").textContent = Object.entries(variables).filter(pair => pair[1])
    .map(([name, value]) => `export MONGODB_ATLAS_${name}=${quoted(value)}`).join("\n");
  const type = "application/vnd.atlas.2025-03-12+json";
  const call = `curl --user ${quoted(d.public_key + ":" + d.private_key)} --digest --header 'Accept: ${type}'`;
  const path = quoted(`${d.url}/api/atlas/v2/groups/${d.group_id}/flexClusters`);
  const spec = JSON.stringify({name: "orders", providerSettings: {backingProviderName: "AWS", regionName: "US_EAST_1"}});
  $("curl").textContent = `${call} \\\n  --header 'Content-Type: ${type}' --data ${quoted(spec)} \\\n  ${path}\n${call} \\\n  ${path}`;
}
async function begin() {
  for (const kind of await ask("GET", "faults/kinds")) $("fault").kind.append(el("option", kind));
  const endpoints = new Set((await ask("GET", "operations")).map(operation => operation.endpoint));
  for (const endpoint of endpoints) $("fault").endpoint.append(el("option", endpoint));
  connect(await ask("GET", "description"));
}
$("fault").addEventListener("submit", event => {
  event.preventDefault();
  const wanted = {};
  for (const [key, value] of new FormData(event.target)) {
    if (key === "after_store") wanted[key] = true;
    else if (value) wanted[key] = ["status", "seconds", "times"].includes(key) ? Number(value) : value;
  }
  order("POST", "faults", wanted);
});
for (const node of document.querySelectorAll("[data-advance]")) {
  node.addEventListener("click", () => order("POST", "clock", {advance_seconds: Number(node.dataset.advance)}));
}
$("still").addEventListener("click", () => order("POST", "clock", {manual: state.clock === "real"}));
$("calendar").addEventListener("change", () => { $("calendar").blur(); order("PUT", "calendar", {calendar: $("calendar").value}); });
$("reset").addEventListener("click", () => { if (confirm("Everything back to the start?")) { requests.clear(); order("POST", "reset"); } });
for (const id of ["find-instance", "find-request"]) $(id).addEventListener("input", () => { if (state) refresh().catch(() => {}); });
for (const node of document.querySelectorAll("[data-copy]")) {
  node.addEventListener("click", async () => {
    await navigator.clipboard.writeText($(node.dataset.copy).textContent);
    node.textContent = "copied";
    setTimeout(() => { node.textContent = "copy"; }, 1500);
  });
}
begin().catch(() => {}).then(poll);
