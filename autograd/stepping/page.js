const $ = id => document.getElementById(id);
const { steps, nodes, colours, widths } = JSON.parse($("steps").textContent);
const figure = document.querySelector(".figure"), svg = figure.querySelector("svg");
const table = document.querySelector("details");
const part = key => $(`${svg.id}-${key}`);
const label = edge => part(`${edge}-local`);
const last = steps.length;
const final = $("caption").textContent;
const PLAIN = ["plain"];
// What is found in the group of an edge, and in that of its label, which stands above all edges.
const both = (edge, what) =>
  [part(edge), label(edge)].flatMap(group => (group ? [...group.querySelectorAll(what)] : []));
let now = 0, timer = 0, still = 0, asked = 0, right = 0, open = false;

// The picture comes with the final numbers: its tooltips, and the local derivatives on its edges.
const lines = svg.querySelectorAll(":is(.edge, .local) > title, [data-role=local]");
const words = new Map([...lines].map(line => [line, line.textContent]));

// The state after k steps is drawn from the start each time: no step needs an inverse. Without
// `known`, the number of step k is left out.
function draw(k, known) {
  const first = ({ key, ...known }) => [key, { ...known, grad: "—", shade: PLAIN }];
  const state = Object.fromEntries(nodes.map(first));
  const shades = {};
  for (const step of steps.slice(0, known ? k : k - 1)) {
    Object.assign(state[step.node], step.sets);
    for (const edge of step.edges) shades[edge] = step.shade;
  }
  for (const { key, words } of nodes) {
    const { data, grad, shade, shades: ofCells } = state[key], group = part(key);
    const cells = group.querySelectorAll("rect"), outline = group.querySelectorAll("path, polygon");
    fill(outline, shade, cells.length > 0);
    cells.forEach((cell, k) => fill([cell], ofCells?.[k] ?? PLAIN));
    for (const role of ["data", "grad"]) {
      group.querySelectorAll(`[data-role=${role}]`).forEach((text, k) => {
        const number = state[key][`${role}_cells`]?.[k] ?? "—";
        text.textContent = cells.length ? number : `${role} ${state[key][role]}`;
      });
    }
    group.querySelector("title").textContent = `${words}: data ${data}, grad ${grad}`;
    $(`row-${key}`).children[1].textContent = data;
    $(`row-${key}`).children[2].textContent = grad;
  }
  const step = steps[k - 1];
  for (const edge of steps.flatMap(({ edges }) => edges)) {
    const [sign, rank] = shades[edge] ?? PLAIN, group = part(edge);
    const ink = paint(group.querySelectorAll("path"), sign);
    for (const shape of group.querySelectorAll("path, polygon")) {
      shape.setAttribute("stroke", ink);
      shape.setAttribute("stroke-width", sign === "plain" ? 1 : widths[rank]);
    }
    const told = edge in shades || step?.edges.includes(edge);  // before its turn it would tell too much
    for (const line of both(edge, "title, [data-role=local]")) {
      line.textContent = told ? words.get(line) : "";
    }
    for (const shape of both(edge, "text, polygon")) shape.setAttribute("fill", ink);
  }
  for (const group of svg.querySelectorAll(".now")) group.classList.remove("now", "backward");
  for (const key of step ? step.lit : []) {
    part(key).classList.add("now");
    label(key)?.classList.add("now");
  }
  for (const edge of step ? step.edges : []) part(edge).classList.add("backward");
}

// Gives shapes the look of a gradient; a `hollow` one, which holds cells, in its outline alone.
function fill(shapes, [sign, rank], hollow = false) {
  const ink = paint(shapes, sign);
  for (const shape of shapes) {
    shape.setAttribute("fill", colours[sign === "plain" || hollow ? "plain" : sign + rank]);
    shape.setAttribute("stroke", ink);
  }
}

// Dashes the shapes of a negative gradient, and returns the colour of their lines. All colours are
// those of light; the picture's own style sheet turns them in the dark.
function paint(shapes, sign) {
  for (const shape of shapes) {
    if (sign === "neg") shape.setAttribute("stroke-dasharray", "5,2");
    else shape.removeAttribute("stroke-dasharray");
  }
  return colours[sign === "plain" ? "line" : sign];
}

function say(k, known) {
  const step = steps[k - 1];
  const place = step ? `step ${k} of ${last}` : "start";
  const start = "The leaves have their data. Step on with → or the slider.";
  const lines = step ? [...step.given] : [start];
  if (step) lines[lines.length - 1] += ` = ${known ? step.result : "?"}`;
  const after = step && known ? step.after : [];
  write(step ? `${step.phase} · ${place}` : `start · ${last} steps`, lines, after);
  if (step) $("caption").children[lines.length - 1].className = "result";
  $("slider").value = k;
  const spoken = step ? [place, ...lines, ...after] : [place];
  $("slider").setAttribute("aria-valuetext", spoken.join("; "));
  $("back").setAttribute("aria-disabled", k === 0);
  $("next").setAttribute("aria-disabled", k === last);
  $("guess").hidden = !$("predict").checked || !step;
  $("asked").textContent = step ? `${step.asked} =` : "";
  $("check").textContent = known ? "next" : "check";
  $("reveal").hidden = known;
  $("score").textContent = asked ? `right at the first guess: ${right} of ${asked}` : "";
}

function write(phase, lines, after) {
  $("phase").textContent = phase;
  $("caption").replaceChildren(...paragraphs(lines, after));
}

function paragraphs(lines, after) {
  const paragraph = className => textContent =>
    Object.assign(document.createElement("p"), { textContent, className });
  return [...lines.map(paragraph("")), ...after.map(paragraph("after"))];
}

const isKnown = () => !$("predict").checked || now === 0 || Boolean(steps[now - 1].revealed);

function show() {
  draw(now, isKnown());
  say(now, isKnown());
}

// Makes the caption as high as its longest text, so that the picture below stays where it is.
function makeRoom() {
  const caption = $("caption"), probe = caption.cloneNode();
  probe.removeAttribute("id");
  probe.removeAttribute("role");
  probe.classList.add("probe");
  probe.replaceChildren(...steps.map(({ given, result, after }) => {
    const [line, ...before] = [...given].reverse(), text = document.createElement("div");
    text.append(...paragraphs([...before, `${line} = ${result}`], after));
    return text;
  }));
  caption.after(probe);
  const heights = [...probe.children].map(text => text.offsetHeight);
  probe.remove();
  caption.style.setProperty("--tallest", `${Math.max(...heights)}px`);
  figure.style.setProperty("--head", `${document.querySelector("header").offsetHeight}px`);
}

// Lets colours fade into those of the next step, and change at once with the theme.
function fade() {
  clearTimeout(still);
  figure.classList.add("moving");
  still = setTimeout(() => figure.classList.remove("moving"), 300);
}

function go(k) {
  now = Math.max(0, Math.min(last, k));
  $("number").value = "";
  verdict("", "");
  show();
  follow();
}

// Scrolls the picture to what the step is about, or, where that is too wide or too high, to the
// node that changes.
function follow() {
  const step = steps[now - 1], frame = figure.getBoundingClientRect();
  if (!step) return;
  const around = keys => {
    const boxes = keys.map(key => part(key).getBoundingClientRect());
    const least = side => Math.min(...boxes.map(box => box[side]));
    const most = side => Math.max(...boxes.map(box => box[side]));
    return { left: least("left"), top: least("top"), right: most("right"), bottom: most("bottom") };
  };
  let box = around(step.lit);
  const tooWide = box.right - box.left > frame.width;
  if (tooWide || box.bottom - box.top > frame.height) box = around([step.node]);
  const by = (start, end) => {
    if (box[start] >= frame[start] && box[end] <= frame[end]) return 0;
    return (box[start] + box[end] - frame[start] - frame[end]) / 2;
  };
  figure.scrollBy(by("left", "right"), by("top", "bottom"));
}

function play(on) {
  clearInterval(timer);
  timer = 0;
  if (on) {
    if (now === last) go(0);
makeRoom();
addEventListener("resize", makeRoom);
    timer = setInterval(() => (now === last ? play(false) : (fade(), go(now + 1))), 1200);
  }
  $("play").textContent = timer ? "❚❚ pause" : "▶ play";
}

// How what was typed stands to x: "right" if x, rounded or cut off at the decimals that were typed,
// is what was typed, with two digits or exactly; "short" if so with fewer; else "wrong". null if it
// is no number.
function compare(typed, x) {
  const plain = typed.trim().replace(/[−–]/g, "-").replace(",", ".").replace(/\s/g, "");
  const isNumber = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(plain);
  if (!isNumber || !Number.isFinite(Number(plain))) return null;
  const found = agreement(plain, x);
  if (found === "exact") return "right";
  const { coefficient, exponent } = decimal(plain);
  if (coefficient === 0n) return Math.abs(x) <= 10 ** exponent / 2 ? "short" : "wrong";
  if (!found) return "wrong";
  return String(coefficient).replace("-", "").length < 2 ? "short" : "right";
}

function judge(typed, step) {
  const answers = [step.answer, step.by_hand];
  const found = answers.map(x => compare(typed, x));
  if (found[0] === null) return ["that is no number: write it like −0.0381 or 3.81e-2", "unclear"];
  if (found.includes("right")) return ["right", "right"];
  if (found.includes("short")) return ["right as far as it goes: give two digits", "unclear"];
  const slips = answers.flatMap(x => [
    ["the sign is wrong", -x],
    ["it is twice too large", 2 * x],
    ["it is half of what it should be", x / 2],
  ]);
  const made = [...slips, ...step.slips].filter(([, wrong]) => compare(typed, wrong) === "right");
  return [[...new Set(made.map(([name]) => name))].join(", or ") || "not yet", "wrong"];
}

function verdict(said, kind) {
  $("verdict").textContent = said;
  $("verdict").className = kind;
}

// The first answer to a step counts, and so does asking for it.
function count(step, hit) {
  if (!step.counted) asked += 1, right += hit;
  step.counted = true;
}

function reveal(hit) {
  count(steps[now - 1], hit);
  steps[now - 1].revealed = true;
  show();
}

$("guess").addEventListener("submit", event => {
  event.preventDefault();
  if (isKnown()) return go(now + 1);
  const [said, kind] = judge($("number").value, steps[now - 1]);
  verdict(said, kind);
  if (kind === "right") reveal(true);
  if (kind === "wrong") count(steps[now - 1], false), show();
});

function jump(k) {
  play(false);
  fade();
  go(k);
}

$("reveal").addEventListener("click", () => {
  verdict("", "");
  reveal(false);
  $("check").focus();
});
$("back").addEventListener("click", () => jump(now - 1));
$("next").addEventListener("click", () => jump(now + 1));
$("play").addEventListener("click", () => play(!timer));
$("slider").addEventListener("input", () => jump(Number($("slider").value)));
$("predict").addEventListener("change", () => { jump(now); makeRoom(); });
$("theme").addEventListener("click", () => {
  const { dataset } = document.documentElement;
  const preferred = matchMedia("(prefers-color-scheme: dark)").matches;
  const dark = dataset.theme ? dataset.theme === "dark" : preferred;
  figure.classList.remove("moving");
  dataset.theme = dark ? "light" : "dark";
});

document.addEventListener("keydown", event => {
  const { key, target } = event;
  if (target.id === "number" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (target === figure && figure.scrollWidth > figure.clientWidth) return;  // the arrows scroll
  const to = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: last }[key];
  if (to !== undefined) jump(to);
  else if (key === " " && !target.matches("button, summary, #predict")) play(!timer);
  else return;
  event.preventDefault();
});

// On paper stands the final state, with the table.
addEventListener("beforeprint", () => {
  play(false);
  draw(last, true);
  for (const group of svg.querySelectorAll(".now")) group.classList.remove("now", "backward");
  write("Final state", [final], []);
  open = table.open;
  table.open = true;
});
addEventListener("afterprint", () => { table.open = open; show(); });

svg.querySelector("desc").textContent = "The numbers of each step are in the table below.";
$("slider").max = last;
document.documentElement.classList.add("js");
for (const hidden of document.querySelectorAll(".controls, .keys")) hidden.hidden = false;
go(0);
makeRoom();
addEventListener("resize", makeRoom);
