"use strict";
const { steps, nodes, colours, widths } = JSON.parse(document.getElementById("steps").textContent);
const $ = id => document.getElementById(id);
const svg = document.querySelector(".figure svg");
const part = key => document.getElementById(`${svg.id}-${key}`);
const last = steps.length;
let now = 0, timer = 0, shown = true, right = 0, asked = 0;
const tried = new Set();

// The state after k steps is drawn from the start each time: no step needs an inverse.
function draw(k) {
  const state = Object.fromEntries(nodes.map(node => [node.key, { data: node.leaf ? node.data : "—", grad: "—", shade: "plain" }]));
  const edges = {};
  const done = shown ? k : k - 1;
  steps.slice(0, done).forEach(step => {
    Object.assign(state[step.node], step.sets);
    if (step.edge) edges[step.edge] = step.sign;
  });
  for (const { key } of nodes) {
    const { data, grad, shade } = state[key];
    paint(part(key), shade, "path, polygon", "path, polygon");
    const texts = part(key).querySelectorAll(":scope > text");
    texts[texts.length - 2].textContent = `data ${data}`;
    texts[texts.length - 1].textContent = `grad ${grad}`;
    $(`row-${key}`).children[1].textContent = data;
    $(`row-${key}`).children[2].textContent = grad;
  }
  const step = steps[k - 1];
  for (const { edge } of steps) {
    if (!edge) continue;
    const shade = edges[edge] ?? "plain";
    const ink = colours[shade === "plain" ? "muted" : shade.slice(0, 3)];
    paint(part(edge), shade, "polygon", "path, polygon");
    part(edge).querySelector("path").setAttribute("stroke-width", shade === "plain" ? 1 : widths[shade[3]]);
    for (const shape of part(edge).querySelectorAll("text, polygon")) shape.setAttribute("fill", ink);
    const known = edge in edges || edge === step?.edge;  // before its turn, the local derivative would tell too much
    for (const text of part(edge).querySelectorAll("text")) text.setAttribute("visibility", known ? "visible" : "hidden");
  }
  for (const group of svg.querySelectorAll(".now")) group.classList.remove("now", "backward");
  for (const key of step ? step.lit : []) part(key).classList.add("now");
  if (step?.edge) part(step.edge).classList.add("backward");
}

// The colours are those of light; the picture's own style sheet turns them in the dark.
function paint(group, shade, filled, drawn) {
  const line = colours[shade === "plain" ? "line" : shade.slice(0, 3)];
  for (const shape of group.querySelectorAll(filled)) shape.setAttribute("fill", colours[shade]);
  for (const shape of group.querySelectorAll(drawn)) {
    shape.setAttribute("stroke", line);
    if (shade.startsWith("neg") && shape.matches(":first-of-type")) shape.setAttribute("stroke-dasharray", "5,2");
    else shape.removeAttribute("stroke-dasharray");
  }
}

function say(k) {
  const step = steps[k - 1];
  $("phase").textContent = step ? `${step.phase} · step ${k} of ${last}` : `start · ${last} steps`;
  let lines = ["The leaves have their data. Step on with → or the slider."];
  if (step) {
    lines = [...step.given];
    lines[lines.length - 1] += ` = ${shown ? step.result : "?"}`;
    if (shown) lines.push(...step.after);
  }
  $("caption").replaceChildren(...lines.map(line => Object.assign(document.createElement("p"), { textContent: line })));
  $("slider").value = k;
  $("slider").setAttribute("aria-valuetext", step ? `step ${k} of ${last}: ${lines.join("; ")}` : "start");
  $("back").disabled = k === 0;
  $("next").disabled = k === last;
  $("guess").hidden = !($("predict").checked && step);
  if (step) $("asked").textContent = `${step.asked} = `;
  $("score").textContent = asked ? `right at the first guess: ${right} of ${asked}` : "";
}

function go(k) {
  now = Math.max(0, Math.min(last, k));
  shown = !$("predict").checked || now === 0 || tried.has(now);
  if (document.activeElement !== $("number") || shown) verdict("", "");
  $("number").value = "";
  draw(now);
  say(now);
}

function play(on) {
  clearInterval(timer);
  timer = 0;
  if (on) {
    if (now === last) go(0);
    timer = setInterval(() => (now === last ? play(false) : go(now + 1)), 1200);
  }
  $("play").textContent = timer ? "❚❚ pause" : "▶ play";
}

// A guess is right if the number, rounded or cut off at the decimals that were typed, is what was typed, and it has
// at least two digits or is exact.
function matches(typed, x) {
  const clean = typed.trim().replace(/[−–]/g, "-").replace(",", ".").replace(/\s+/g, "");
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(clean)) return null;
  const guess = Number(clean);
  if (!Number.isFinite(guess)) return null;
  const [mantissa, power] = clean.toLowerCase().split("e");
  const decimals = (mantissa.split(".")[1] ?? "").length - Number(power ?? 0);
  const unit = 10 ** -decimals;
  const close = Math.abs(guess - x) <= unit / 2 * (1 + 1e-9);
  const cut = Math.sign(guess) === Math.sign(x) && Math.abs(x) - Math.abs(guess) >= 0 && Math.abs(x) - Math.abs(guess) < unit;
  const digits = mantissa.replace(/[+-.]/g, "").replace(/^0+/, "").length;
  if (Math.abs(guess - x) <= 1e-12 * Math.abs(x) + 1e-300) return "right";
  return close || cut ? (digits < 2 ? "short" : "right") : "wrong";
}

function judge(typed, step) {
  const found = matches(typed, step.answer);
  if (found === null) return ["that is no number", "wrong"];
  if (found === "right") return ["right", "right"];
  if (found === "short") return ["right as far as it goes: give two digits", "wrong"];
  const slip = step.slips.find(([, wrong]) => matches(typed, wrong) === "right");
  return [slip ? slip[0] : "not yet", "wrong"];
}

function verdict(text, kind) {
  $("verdict").textContent = text;
  $("verdict").className = kind;
}

$("guess").addEventListener("submit", event => {
  event.preventDefault();
  const step = steps[now - 1];
  const [text, kind] = judge($("number").value, step);
  if (!tried.has(now) && !step.tried && text !== "that is no number") {
    asked += 1;
    right += kind === "right";
    step.tried = true;
  }
  if (kind === "right") reveal();
  verdict(text, kind);
});

function reveal() {
  const step = steps[now - 1];
  if (!step.tried) asked += 1;
  step.tried = true;
  tried.add(now);
  shown = true;
  draw(now);
  say(now);
}

$("reveal").addEventListener("click", () => { reveal(); verdict("", ""); });
$("back").addEventListener("click", () => { play(false); go(now - 1); });
$("next").addEventListener("click", () => { play(false); go(now + 1); });
$("play").addEventListener("click", () => play(!timer));
$("slider").addEventListener("input", () => { play(false); go(Number($("slider").value)); });
$("predict").addEventListener("change", () => { play(false); go(now); if (!$("guess").hidden) $("number").focus(); });
$("theme").addEventListener("click", () => theme(document.documentElement.dataset.theme !== "dark"));
function theme(dark) { document.documentElement.dataset.theme = dark ? "dark" : "light"; }

document.addEventListener("keydown", event => {
  if (event.target.id === "number" || event.ctrlKey || event.metaKey || event.altKey) return;
  const to = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: last }[event.key];
  if (to !== undefined) { play(false); go(to); event.preventDefault(); }
  if (event.key === " " && event.target.tagName !== "BUTTON" && event.target.id !== "predict") { play(!timer); event.preventDefault(); }
});
addEventListener("beforeprint", () => { shown = true; draw(last); });
addEventListener("afterprint", () => go(now));

// The picture's own words say the final state.
for (const title of svg.querySelectorAll("g > title")) title.remove();
svg.querySelector("desc").textContent = "The numbers of each step are in the table below.";
$("slider").max = last;
for (const hidden of document.querySelectorAll(".controls, .keys")) hidden.hidden = false;
theme(matchMedia("(prefers-color-scheme: dark)").matches);
go(0);
