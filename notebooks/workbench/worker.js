// Python beside the page: a question as JSON comes in, an answer as JSON goes out.
// It is begun from a blob, so that the page's policy holds here too: Python reaches no other host.

export async function begin(base) {
  const [{ loadPyodide }, { instance }] = await Promise.all([import(`${base}pyodide.mjs`), import(`${base}viz.js`)]);
  const file = async (name) => (await fetch(base + name)).arrayBuffer();
  const wheels = fetch(`${base}wheels.json`).then((list) => list.json()).then((names) => Promise.all(names.map(file)));
  const program = file("workbench.py");
  const [pyodide, viz] = await Promise.all([loadPyodide({ indexURL: base }), instance()]);
  for (const wheel of await wheels) pyodide.unpackArchive(wheel, "wheel");
  pyodide.FS.writeFile("workbench.py", new Uint8Array(await program));
  const draw = (source) => viz.renderString(source, { format: "svg" });
  pyodide.runPython("from autograd.drawing.engines import use\nuse", { globals: pyodide.globals })(draw);
  const answer = pyodide.runPython("from workbench import answer\nanswer");
  const choices = pyodide.runPython(
    "import json\nfrom workbench import ACTIVATIONS, EXAMPLES\njson.dumps([list(EXAMPLES), list(ACTIVATIONS)])");
  self.onmessage = ({ data: [number, question] }) => self.postMessage([number, answer(question)]);
  self.postMessage([0, choices]);
}
