// Requests to the box. The token is kept for this tab and goes into a header, never into a URL.

const KEPT_AS = "sipagent.token";

/** A request that was answered with something else than success, or not at all (status 0). */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export const token = {
  get is_set() {
    return sessionStorage.getItem(KEPT_AS) !== null;
  },
  keep(text) {
    sessionStorage.setItem(KEPT_AS, text);
  },
  forget() {
    sessionStorage.removeItem(KEPT_AS);
  },
};

/** Return the response of a request; ApiError unless it succeeded. */
export async function request(path, options = {}) {
  const headers = { ...options.headers };
  const kept = sessionStorage.getItem(KEPT_AS);
  // Headers hold bytes: those of UTF-8 are what the box compares with.
  if (kept !== null) {
    headers.Authorization = `Bearer ${String.fromCharCode(...new TextEncoder().encode(kept))}`;
  }
  let response;
  try {
    response = await fetch(path, { ...options, headers, cache: "no-store", redirect: "error" });
  } catch {
    throw new ApiError(0, "the box does not answer");
  }
  if (response.ok) return response;
  const body = await response.json().catch(() => ({}));
  throw new ApiError(response.status, body.error?.message ?? `status ${response.status}`);
}

/** Return what a request is answered with, as JSON. */
export async function read(path) {
  return (await request(path)).json();
}

/** Where the box has a call, or something of it. */
export function callPath(callId, what = "") {
  return `api/v1/calls/${encodeURIComponent(callId)}${what && `/${what}`}`;
}

/** Post an object. */
export function post(path, content, options = {}) {
  const headers = { "Content-Type": "application/json" };
  return request(path, { ...options, method: "POST", headers, body: JSON.stringify(content) });
}

/** Return whether a call would be taken now; the box says so with 503 as well. */
export async function readiness() {
  const response = await fetch("readyz", { cache: "no-store" });
  return response.json();
}
