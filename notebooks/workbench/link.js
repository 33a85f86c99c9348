// The state in the address: "#1." and compressed JSON in base64url.

const MOST = 200_000; // characters of JSON: more is no exercise

export const START = {
  source: "network", example: "softmax", layers: [2, 2, 2], activation: "sigmoid", numbers: {},
  python: `from autograd import Value, sigmoid

w, x, b = Value(0.5, label="w"), Value(2.0, label="x"), Value(-0.25, label="b")
net = w * x + b;            net.label = "net"
out = sigmoid(net);         out.label = "out"
root = (1 - out) ** 2 / 2;  root.label = "E"
root.backward()
`,
  by: "w5", detail: "names", working: "",
};

async function through(stream, bytes) {
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  const parts = [];
  let size = 0;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return new Uint8Array(await new Blob(parts).arrayBuffer());
    size += value.length;
    if (size > MOST) throw new Error("too long");
    parts.push(value);
  }
}

export async function written(state) {
  const changed = Object.entries(state).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(START[key]));
  const bytes = new TextEncoder().encode(JSON.stringify(Object.fromEntries(changed)));
  const packed = await through(new CompressionStream("deflate-raw"), bytes);
  let text = "";
  for (const byte of packed) text += String.fromCharCode(byte);
  return "#1." + btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// Returns the state, or throws a sentence for the reader.
export async function read(fragment) {
  if (fragment === "" || fragment === "#") return { ...START };
  if (!fragment.startsWith("#1.")) throw new Error("The link is not one of this workbench: it is begun anew.");
  let found;
  try {
    const text = atob(fragment.slice(3).replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    const json = await through(new DecompressionStream("deflate-raw"), bytes);
    found = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
  } catch {
    throw new Error("The link is cut short or changed, and cannot be read: it is begun anew.");
  }
  const state = { ...START };
  for (const key of Object.keys(START)) {
    if (!Object.hasOwn(Object(found), key)) continue;
    if (!FITS[key](found[key])) throw new Error(`The link says nothing sensible for “${key}”: it is begun anew.`);
    state[key] = found[key];
  }
  return state;
}

const isText = (value) => typeof value === "string" && value.length <= 20_000;
const oneOf = (...words) => (value) => words.includes(value);
const FITS = {
  source: oneOf("network", "example", "python"),
  detail: oneOf("names", "arrays", "operations"),
  example: isText, activation: isText, python: isText, by: isText, working: isText,
  layers: (value) => Array.isArray(value) && value.length <= 8 && value.every((n) => Number.isInteger(n) && n >= 1 && n <= 8),
  numbers: (value) => value !== null && typeof value === "object" && !Array.isArray(value)
    && Object.keys(value).length <= 1_000 && Object.values(value).every(Number.isFinite),
};
