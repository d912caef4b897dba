// The service's documents. Addresses are relative: a proxy may serve the page under a path.

const TIMEOUT_MS = 10000;

export class ApiError extends Error {
  constructor(status, document) {
    super(document.error ?? `the service answered ${status}`);
    this.status = status;
    this.field = document.field ?? "";
  }
}

// Returns a document; an ApiError says what the service would not answer, any other error that
// it cannot be reached.
export async function get(name, parameters = {}) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== ""));
  const text = query.toString();
  const answer = await fetch(`api/v1/${name}${text ? `?${text}` : ""}`, {
    signal: AbortSignal.timeout(TIMEOUT_MS),
    cache: "no-store",
  });
  const document = await answer.json();
  if (!answer.ok) throw new ApiError(answer.status, document);
  return document;
}
