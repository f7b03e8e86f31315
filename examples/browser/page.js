// The page: a picture to the network's pixels, its answers to rows of a table.

import * as ort from "./node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs";
import { open, refine } from "./anytime.js";

ort.env.wasm.numThreads = 1; // more would need a page that is isolated from other origins

const byId = (id) => document.getElementById(id);

/** The middle of a picture, resized to the network's input. */
async function pixelsOf(file, [height, width, channels]) {
  const picture = await createImageBitmap(file);
  const scale = Math.max(width / picture.width, height / picture.height);
  const [w, h] = [picture.width * scale, picture.height * scale];
  const canvas = byId("pixels");
  Object.assign(canvas, { width, height, hidden: false });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.fillStyle = "white"; // shows through transparent parts
  context.fillRect(0, 0, width, height);
  context.drawImage(picture, (width - w) / 2, (height - h) / 2, w, h);
  const rgba = context.getImageData(0, 0, width, height).data;
  const pixels = new Uint8Array(height * width * channels);
  for (let i = 0; i < height * width; i++) {
    const [r, g, b] = rgba.subarray(4 * i, 4 * i + 3);
    if (channels === 3) pixels.set([r, g, b], 3 * i);
    else pixels[i] = Math.round(0.299 * r + 0.587 * g + 0.114 * b);
  }
  return pixels;
}

async function answer(network, file) {
  byId("answers").replaceChildren();
  const image = await pixelsOf(file, network.manifest.input.shape);
  for await (const { exit, probabilities, milliseconds } of refine(network, image)) {
    const best = probabilities.indexOf(Math.max(...probabilities));
    const row = byId("answers").insertRow();
    const percent = `${(100 * probabilities[best]).toFixed(1)} %`;
    for (const text of [exit, milliseconds.toFixed(1), best, percent]) {
      row.insertCell().textContent = text;
    }
    await new Promise(requestAnimationFrame); // lets the browser show the row
  }
}

try {
  const folder = new URLSearchParams(location.search).get("export") ?? "exported";
  const network = await open(folder, ort);
  const { model, input, exits } = network.manifest;
  byId("model").textContent = model;
  byId("about").textContent = `${exits.length} exits, input ${input.shape.join(" × ")} ${input.dtype}`;
  if (input.dtype !== "uint8") throw new Error("pictures need an export with its preprocessing");
  byId("file").disabled = false;
  byId("file").addEventListener("change", (event) => answer(network, event.target.files[0]));
} catch (error) {
  byId("about").textContent = error.message;
}
