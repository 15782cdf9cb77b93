/** Calls of Warren's HTTP API. Every failure is an `ApiError`; one without a status never reached the server. */

import { authorization, askForKey } from "./key.js";

/** A refused or failed call, from the server's `application/problem+json`. `status` is 0 when the network failed. */
export class ApiError extends Error {
  constructor({ status = 0, code = "network", detail = "", errors = [], retryAfter = null }) {
    super(detail || code);
    Object.assign(this, { status, code, detail, errors, retryAfter });
  }
}

/** The address of an API path, relative to the page: the console works behind a path prefix too. */
export const address = (path) => new URL(path, document.baseURI).href;

/** An `Idempotency-Key`. `crypto.randomUUID` exists only on https and localhost. */
export function idempotencyKey() {
  const words = crypto.getRandomValues(new Uint32Array(4));
  return [...words].map((word) => word.toString(16).padStart(8, "0")).join("");
}

/**
 * Calls the API and returns its JSON, or null for an empty answer. Asks for a key when the server wants one. `json` is
 * what to send; `key` makes a second try of a call that creates something safe.
 */
export async function call(method, path, { query = {}, json = null, key = null } = {}) {
  const url = new URL(address(path));
  for (const [name, value] of Object.entries(query)) if (value) url.searchParams.set(name, value);
  const response = await authorized((headers) => send(url, { method, ...carrying({ json, key, headers }) }));
  return response.status === 204 ? null : response.json();
}

/** Posts `json` and tells `onevent(event)` each of the Server-Sent Events of the answer, which are JSON. */
export async function streamed(path, json, onevent) {
  const accept = { Accept: "text/event-stream" };
  const response = await authorized((headers) =>
    send(address(path), { method: "POST", ...carrying({ json, headers: { ...headers, ...accept } }) }),
  );
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let held = ""; ; ) {
    const { value, done } = await reader.read().catch((error) => { throw new ApiError({ detail: error.message }); });
    if (done) return;
    const events = (held + value).split("\n\n");
    held = events.pop();
    for (const event of events) {
      const data = event.split("\n").find((line) => line.startsWith("data: "));
      if (data) onevent(JSON.parse(data.slice("data: ".length)));
    }
  }
}

/** Posts lines of JSON and returns the JSON of the answer. */
export async function sendLines(path, lines) {
  const type = { "Content-Type": "application/x-ndjson" };
  const response = await authorized((headers) =>
    send(address(path), { method: "POST", headers: { ...headers, ...type }, body: lines }),
  );
  return response.json();
}

function carrying({ json, key = null, headers }) {
  if (key) headers = { ...headers, "Idempotency-Key": key };
  if (json === null) return { headers };
  return { headers: { ...headers, "Content-Type": "application/json" }, body: JSON.stringify(json) };
}

/** The bytes of something the API serves, for example an artifact. */
export async function fetchBlob(path) {
  const response = await authorized((headers) => send(address(path), { headers }));
  return response.blob();
}

/**
 * Posts a form, or a file of this `type`, and returns the JSON of the answer. `onsent(fraction)` follows the upload,
 * which `fetch` cannot do; `signal` aborts it. The same `key` makes a second try safe.
 */
export async function upload(path, body, { key, type = null, onsent, signal }) {
  const about = { "Idempotency-Key": key, ...(type && { "Content-Type": type }) };
  const response = await authorized((headers) =>
    sendBody(address(path), body, { headers: { ...headers, ...about }, onsent, signal }),
  );
  return response.json();
}

async function authorized(attempt) {
  for (let rejected = false; ; rejected = true) {
    const response = await attempt(authorization());
    if (response.ok) return response;
    if (response.status !== 401) throw await problem(response);
    if (!(await askForKey(rejected || "Authorization" in authorization()))) throw await problem(response);
  }
}

async function send(url, options) {
  try {
    return await fetch(url, options);
  } catch (error) {
    throw new ApiError({ detail: error.message });
  }
}

function sendBody(url, body, { headers, onsent, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => event.lengthComputable && onsent?.(event.loaded / event.total);
    request.onload = () => resolve(new Response(request.response, { status: request.status, headers: retryHeader(request) }));
    request.onerror = () => reject(new ApiError({}));
    request.onabort = () => reject(new ApiError({ code: "aborted" }));
    signal?.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}

function retryHeader(request) {
  const seconds = request.getResponseHeader("Retry-After");
  return seconds ? { "Retry-After": seconds } : {};
}

async function problem(response) {
  const status = response.status;
  const retryAfter = Number(response.headers.get("Retry-After")) || null;
  // A proxy in between answers in HTML; then the status is all there is.
  const body = await response.json().catch(() => ({}));
  return new ApiError({ ...body, status, code: body.code ?? `http.${status}`, retryAfter });
}
