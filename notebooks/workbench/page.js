// The workbench: what a person picks and writes is the state; the state is in the address.

import katex from "./katex.mjs";
import { START, read, written } from "./link.js";

const $ = (id) => document.getElementById(id);
const base = new URL(".", location.href).href;
let state = { ...START };
let opened = null; // what Python says of the network that is open
let isForeign = false; // whether the Python came by a link, and was neither run nor changed since

// Python, in a worker of its own.

let worker, waiting, numbers, timer;
let isListed = false; // whether the examples and activations are there to pick
let stopped = false; // whether a person stopped what ran; then it waits for Run

function begin() {
  waiting = new Map();
  numbers = 0;
  close();
  document.querySelector("main").ariaBusy = true;
  const start = `const early = []; self.onmessage = (event) => early.push(event);
    import("${base}worker.js").then((it) => it.begin("${base}"))
    .then(() => early.forEach((event) => self.onmessage(event)))
    .catch((error) => self.postMessage([-1, String(error)]));`;
  const url = URL.createObjectURL(new Blob([start], { type: "text/javascript" }));
  worker = new Worker(url, { type: "module" });
  worker.onmessage = ({ data: [number, answer] }) => {
    if (number === -1) return say(`Python could not be begun: ${answer}`);
    if (number === 0) return ready(JSON.parse(answer));
    waiting.get(number)?.(JSON.parse(answer));
    waiting.delete(number);
    busy();
  };
  $("status").textContent = "Python is loading…";
}

function ask(what, question = {}) {
  numbers += 1;
  const promise = new Promise((answer) => waiting.set(numbers, answer));
  worker.postMessage([numbers, JSON.stringify({ ask: what, ...question })]);
  busy();
  return promise.then((answer) => {
    if (answer.error) throw new Error(answer.error);
    return answer;
  });
}

function busy() {
  clearTimeout(timer);
  $("stop").hidden = true;
  $("status").textContent = waiting.size ? "Working…" : "Ready.";
  document.querySelector("main").ariaBusy = waiting.size > 0;
  if (waiting.size) timer = setTimeout(() => { $("stop").hidden = false; }, 800);
}

$("stop").onclick = () => {
  worker.terminate();
  clearTimeout(timer);
  $("stop").hidden = true;
  say("Stopped. Change what ran too long, and press Run, or pick another network.");
  stopped = true;
  begin();
};

function ready([examples, activations]) {
  if (!isListed) {
    fill($("example"), examples);
    fill($("activation"), activations);
    isListed = true;
  }
  busy();
  show();
  if (mayOpen()) open().then(keep);
}

function mayOpen() {
  return state.source !== "python" || !(isForeign || stopped);
}

// Once all is there: what is kept for later must not hold up the first picture.
function keep() {
  navigator.serviceWorker?.register("offline.js").catch(() => {}); // a browser may forbid it
}

// What is shown.

function say(sentence) {
  $("problem").textContent = sentence;
  $("problem").hidden = !sentence;
}

function fill(select, names) {
  select.replaceChildren(...names.map((name) => new Option(name, name)));
}

function show() {
  for (const key of ["source", "example", "activation", "python", "working", "detail"]) $(key).value = state[key];
  $("layers").value = state.layers.join(" ");
  for (const part of document.querySelectorAll("[data-source]")) part.hidden = part.dataset.source !== state.source;
  $("foreign").hidden = !isForeign;
}

const { compare } = new Intl.Collator("en", { numeric: true }); // w2 before w10

function showNumbers() {
  const rows = Object.entries(opened.numbers).sort(([a], [b]) => compare(a, b)).map(([name, number]) => {
    const label = document.createElement("label");
    const input = document.createElement("input");
    const span = document.createElement("span");
    span.textContent = name;
    Object.assign(input, { type: "text", value: number, inputMode: "decimal", autocomplete: "off" });
    input.onchange = () => {
      const typed = input.value.trim().replace("−", "-").replace(/^(-?\d+),(\d+)$/, "$1.$2");
      const isNumber = typed !== "" && Number.isFinite(Number(typed));
      input.setAttribute("aria-invalid", String(!isNumber));
      if (!isNumber) return say(`${name} takes a number, as 0.25.`);
      state.numbers = { ...state.numbers, [name]: Number(typed) };
      open(false);
    };
    label.append(span, input);
    return label;
  });
  $("numbers").replaceChildren(...rows);
}

function showNames() {
  const select = $("by");
  const all = new Option("all of them, in the picture", "");
  const group = (label, names) => {
    const element = document.createElement("optgroup");
    element.label = label;
    element.append(...[...names].sort(compare).map((name) => new Option(`∂${opened.root}/∂${name}`, name)));
    return element;
  };
  select.replaceChildren(all, group("names", opened.names));
  if (opened.arrays.length) select.append(group("arrays", opened.arrays));
  if (![...opened.names, ...opened.arrays, ""].includes(state.by)) state.by = opened.by;
  select.value = state.by;
  $("sample").textContent = `d${opened.root}/d${state.by || opened.by} = …`;
}

// Sets markup that Python sends. Python of another person may send anything: nothing in it may
// lead elsewhere, and the policy of the page lets no script in it run.
function put(element, markup) {
  const parsed = new DOMParser().parseFromString(markup, "text/html");
  const active = "a, base, button, embed, form, frame, iframe, input, link, meta, object, script, textarea";
  for (const found of parsed.querySelectorAll(active)) found.remove();
  element.replaceChildren(...parsed.body.childNodes);
}

function set(latex) {
  return katex.renderToString(latex, { output: "mathml", displayMode: true, throwOnError: false, strict: false });
}

// Clears what is shown of a network that stands no longer: nothing is marked by another.
function close() {
  opened = null;
  for (const id of ["title", "by", "read"]) $(id).replaceChildren();
  clear();
}

function clear() {
  for (const id of ["formulas", "text", "picture", "marks"]) $(id).replaceChildren();
  $("frame").removeAttribute("srcdoc");
}

// Python runs when a person presses Run, and not before.
function wait() {
  close();
  save();
}

// Opens the network; its table of numbers stays as it is where only a number in it was changed.
async function open(isNew = true) {
  if (!isListed) return;
  say(linkProblem);
  linkProblem = "";
  try {
    const { source, example, layers, activation, python } = state;
    opened = await ask("open", { source, example, layers, activation, python, numbers: state.numbers });
    $("title").textContent = opened.title;
    if (isNew) showNumbers();
    showNames();
    await Promise.all([derive(), reread()]);
  } catch (error) {
    close();
    say(error.message);
  }
}

async function derive() {
  save();
  if (!opened) return;
  try {
    const { by, detail } = state;
    const shown = await ask("show", { by, detail });
    put($("formulas"), shown.latex ? set(shown.latex) : "");
    $("formulas").querySelector("mtable")?.classList.add("aligned");
    $("text").textContent = shown.text || "A gradient is derived when it is picked above.";
    put($("picture"), shown.svg);
    const svg = $("picture").querySelector("svg");
    if (svg) svg.style.minWidth = `${0.75 * svg.viewBox.baseVal.width}px`; // text stays legible
    else $("picture").textContent = shown.picture;
    await step();
  } catch (error) {
    clear();
    say(error.message);
  }
}

async function step() {
  if (!opened || !$("steps").open) return $("frame").removeAttribute("srcdoc");
  $("frame").srcdoc = (await ask("step", { detail: state.detail })).html;
}

async function reread() {
  save();
  if (!opened) return;
  $("marks").replaceChildren();
  if (!state.working.trim()) return $("read").replaceChildren();
  try {
    const { read: lines } = await ask("mark", { working: state.working });
    $("read").replaceChildren(...lines.map(({ line, claim, latex }) => {
      const row = document.createElement("p");
      row.textContent = `${line}. `;
      if (latex) row.insertAdjacentHTML("beforeend", set(latex).replace('display="block"', ""));
      else row.append(claim);
      row.classList.toggle("unread", !latex);
      return row;
    }));
    if (!lines.length) $("read").textContent = "No line has an = yet.";
  } catch (error) {
    say(error.message);
  }
}

async function mark() {
  state.working = $("working").value;
  if (!opened) return say("There is no network yet: pick one, or press Run.");
  try {
    await reread();
    put($("marks"), (await ask("mark", { working: state.working })).html);
  } catch (error) {
    say(error.message);
  }
}

// What a person does.

const on = (id, event, act) => $(id).addEventListener(event, act);
const pick = (key, act) => on(key, "change", () => { state[key] = $(key).value; act(); });

pick("source", () => { stopped = false; show(); if (state.source === "python") wait(); else open(); });
pick("example", () => { state.by = START.by; open(); }); // else by the example's own
pick("activation", () => { state.numbers = {}; open(); });
pick("by", () => { $("sample").textContent = `d${opened.root}/d${state.by || opened.by} = …`; derive(); });
pick("detail", derive);
on("layers", "change", () => {
  const sizes = $("layers").value.trim().split(/[\s,;x×-]+/).map(Number);
  const fits = sizes.length >= 2 && sizes.length <= 8 && sizes.every((n) => Number.isInteger(n) && n >= 1 && n <= 8);
  $("layers").setAttribute("aria-invalid", String(!fits));
  if (!fits) return say("Sizes are 2 to 8 whole numbers from 1 to 8, as 2 2 2.");
  state.layers = sizes;
  state.numbers = {};
  open();
});
on("python", "input", () => { state.python = $("python").value; save(); });
on("run", "click", () => { isForeign = false; stopped = false; $("foreign").hidden = true; open(); });
on("steps", "toggle", () => step().catch((error) => say(error.message)));
let typing;
on("working", "input", () => {
  state.working = $("working").value;
  clearTimeout(typing);
  typing = setTimeout(reread, 250);
});
on("mark", "click", mark);
on("working", "keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) mark(); });
on("copy", "click", () => copy(state));
on("exercise", "click", () => copy({ ...state, working: "" }));

async function copy(what) {
  const link = location.href.split("#")[0] + await written(what);
  try {
    await navigator.clipboard.writeText(link);
    $("copied").textContent = "Copied.";
  } catch {
    $("copied").textContent = link; // no right to the clipboard: it is shown to be copied
  }
}

// The address.

let saved = "";
let linkProblem = ""; // what was wrong with the link, until the network that stands in its place is shown

async function save() {
  saved = await written(state);
  history.replaceState(null, "", saved);
}

async function take(fragment) {
  try {
    state = await read(fragment);
  } catch (error) {
    state = { ...START };
    linkProblem = error.message;
  }
  isForeign = state.python !== START.python;
  stopped = false;
  show();
  if (!mayOpen()) close();
  else if (isListed) await open();
}

addEventListener("hashchange", ({ newURL }) => { // the address itself may be written anew already
  const fragment = new URL(newURL).hash;
  if (fragment !== saved) take(fragment);
});
await take(location.hash);
begin();
