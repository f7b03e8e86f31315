/**
 * Reads an export of an anytime network (format "onnx") and refines answers in a browser, with
 * onnxruntime-web. An export is a contract of files: manifest.json says what there is, and
 * segment_00.onnx, segment_01.onnx, ... are the links of the chain. Each takes the state before it
 * (the image, at first) and gives the state after it and its exit's logits.
 */

const MANIFEST_VERSIONS = [1, 2, 3];
const WEIGHTS = "weights.bin"; // what the segments of newer exports share
const ARRAYS = { uint8: Uint8Array, float32: Float32Array, int32: Int32Array };

/**
 * Opens an export.
 *
 * @param {string} url - of its folder.
 * @param ort - the module onnxruntime-web.
 * @returns {Promise<{manifest: object, segments: object[], ort: object}>}
 * @throws {Error} if a file is missing or is not the one that was exported.
 */
export async function open(url, ort) {
  const folder = new URL(url.endsWith("/") ? url : `${url}/`, document.baseURI);
  const manifest = JSON.parse(new TextDecoder().decode(await read(folder, "manifest.json")));
  if (!MANIFEST_VERSIONS.includes(manifest.manifest_version)) {
    const versions = MANIFEST_VERSIONS.join(" and ");
    throw new Error(
      `this page reads manifests of the versions ${versions}. ` +
        `Received: manifest_version=${manifest.manifest_version}`,
    );
  }
  if (!manifest.formats.includes("onnx")) {
    throw new Error(`the export must hold the format onnx. Received: ${manifest.formats}`);
  }
  const checked = (name) => readChecked(folder, name, manifest.sha256);
  const shared = WEIGHTS in manifest.sha256 ? await checked(WEIGHTS) : null;
  const segments = [];
  for (const index of manifest.exits.keys()) {
    const file = await checked(`segment_${String(index).padStart(2, "0")}.onnx`);
    const options = { executionProviders: ["wasm"] };
    if (shared) options.externalData = [{ path: WEIGHTS, data: shared }];
    segments.push(await ort.InferenceSession.create(file, options));
  }
  return { manifest, segments, ort };
}

/**
 * Yields the answer of every exit as it comes; nothing is computed that is not asked for.
 *
 * @param network - from `open`.
 * @param image - typed array of the input's numbers, row-major.
 * @yields {{exit: number, logits: Float32Array, probabilities: number[], milliseconds: number}}
 * @throws {Error} if the image has another size or type than the network takes.
 */
export async function* refine({ manifest, segments, ort }, image) {
  const { shape, dtype } = manifest.input;
  const size = shape.reduce((product, n) => product * n, 1);
  if (!(image instanceof ARRAYS[dtype]) || image.length !== size) {
    throw new Error(
      `the image must be ${size} numbers of ${dtype}. ` +
        `Received: ${image.length} in a ${image.constructor.name}`,
    );
  }
  const began = performance.now();
  let state = [new ort.Tensor(dtype, image, [1, ...shape])];
  for (const [exit, segment] of segments.entries()) {
    const feeds = {};
    for (const name of segment.inputNames) feeds[name] = state[positionOf(name)];
    const made = await segment.run(feeds);
    state = segment.outputNames
      .filter((name) => name.startsWith("next_"))
      .sort((a, b) => positionOf(a) - positionOf(b))
      .map((name) => made[name]);
    const logits = made.logits.data;
    const milliseconds = performance.now() - began;
    yield { exit, logits, probabilities: softmax(logits), milliseconds };
  }
}

/** The best answer by a deadline: refines until the time is up, but to the first exit at least. */
export async function predict(network, image, deadlineMs) {
  let newest = null;
  for await (newest of refine(network, image)) {
    if (newest.milliseconds >= deadlineMs) break;
  }
  return newest;
}

/** "image" is the first and only part of the first state; "state_2" is the third of a later one. */
function positionOf(name) {
  return Number(name.split("_")[1] ?? 0);
}

function softmax(logits) {
  const most = Math.max(...logits);
  const exps = Array.from(logits, (x) => Math.exp(x - most));
  const sum = exps.reduce((a, b) => a + b, 0);
  return exps.map((x) => x / sum);
}

async function read(folder, name) {
  const response = await fetch(new URL(name, folder));
  if (!response.ok) throw new Error(`the export lacks ${name}. Received: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function readChecked(folder, name, sha256) {
  const bytes = await read(folder, name);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const hexadecimal = Array.from(digest, (x) => x.toString(16).padStart(2, "0")).join("");
  if (hexadecimal !== sha256[name]) {
    throw new Error(`a file is not the one that was exported. Received: ${name} changed`);
  }
  return bytes;
}
