// A picture in, the answers of POST /refine out, exit by exit.

const byId = (id) => document.getElementById(id);
const number = (value, digits = 1) =>
  value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });

let network = null;
let running = null; // AbortController of the request in progress

function withToken(headers = {}) {
  const token = byId("token").value;
  return token ? { ...headers, Authorization: `Bearer ${token}` } : headers;
}

async function describe() {
  const response = await fetch("/", { headers: { Accept: "application/json" } });
  network = await response.json();
  const shape = network.input.shape.join(" × ");
  document.title = byId("model").textContent = network.model;
  byId("about").textContent =
    `${network.exits.length} exits, ${network.num_classes} classes, ` +
    `input ${shape} ${network.input.dtype}, engine ${network.engine}`;
  if (!network.accepts.includes("image/png")) {
    byId("drop").classList.add("off");
    byId("file").disabled = true;
    byId("invitation").textContent =
      "This network takes numbers, not pictures: it was exported without its preprocessing.";
  }
  showDeadline();
}

/** Milliseconds, or null: as long as it takes. From half a millisecond to twice the last exit. */
function deadlineMs() {
  const share = byId("deadline").value / 100;
  if (share === 1 || !network) return null;
  const most = 2000 * network.exits.at(-1).seconds;
  return Math.max(0.5, most * share ** 2);
}

function showDeadline() {
  const milliseconds = deadlineMs();
  byId("deadline-text").textContent = milliseconds === null ? "none" : `${number(milliseconds)} ms`;
}

/** Yields [name, data] of each server-sent event of a response. */
async function* eventsOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    const blocks = text.split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const fields = Object.fromEntries(
        block.split("\n").map((line) => line.split(/: (.*)/s).slice(0, 2)),
      );
      yield [fields.event, JSON.parse(fields.data)];
    }
  }
}

function nameOf(answer) {
  return answer.class_name ?? `class ${answer.class}`;
}

function addRow(answer) {
  const row = byId("answers").tBodies[0].insertRow();
  const probability = answer.probabilities[answer.class];
  const texts = [answer.exit, number(1000 * answer.seconds, 2), macsText(answer.macs), nameOf(answer)];
  for (const text of texts) row.insertCell().textContent = text;
  const meter = document.createElement("meter");
  meter.value = probability;
  row.insertCell().append(meter, `${number(100 * probability)} %`);
  for (const other of row.parentNode.rows) other.classList.toggle("best", other === row);
}

function macsText(macs) {
  return macs === null ? "" : `${number(macs / 1e6)} M`;
}

function say(headline, detail = "", failed = false) {
  byId("answer").textContent = headline;
  byId("answer").classList.toggle("failed", failed);
  byId("detail").textContent = detail;
}

async function ask(file) {
  running?.abort();
  running = new AbortController();
  byId("answers").tBodies[0].replaceChildren();
  byId("answers").hidden = false;
  const headers = withToken({ "Content-Type": file.type });
  const milliseconds = deadlineMs();
  if (milliseconds !== null) headers["Deadline-Ms"] = String(milliseconds);
  try {
    const request = { method: "POST", body: file, headers, signal: running.signal };
    const response = await fetch("/refine", request);
    if (response.status === 401) byId("token-setting").hidden = false;
    if (!response.ok) throw new Error((await response.json()).error);
    for await (const [name, data] of eventsOf(response)) {
      if (name === "error") throw new Error(data.error);
      if (name === "answer") {
        addRow(data);
        say(nameOf(data), `exit ${data.exit}${data.late ? ", after the deadline" : ""}`);
      }
    }
  } catch (error) {
    if (error.name !== "AbortError") say(error.message, "", true);
  }
}

let chosen = null;

function choose(file) {
  if (!file || byId("file").disabled) return;
  chosen = file;
  const preview = byId("preview");
  URL.revokeObjectURL(preview.src);
  preview.src = URL.createObjectURL(file);
  preview.hidden = false;
  byId("invitation").hidden = true;
  ask(file);
}

const drop = byId("drop");
byId("file").addEventListener("change", (event) => choose(event.target.files[0]));
byId("deadline").addEventListener("input", showDeadline);
for (const id of ["deadline", "token"]) {
  byId(id).addEventListener("change", () => chosen && ask(chosen));
}
byId("ask").addEventListener("submit", (event) => event.preventDefault());
for (const name of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", name === "dragover");
    if (name === "drop") choose(event.dataTransfer.files[0]);
  });
}
describe().catch((error) => say(error.message, "", true));
