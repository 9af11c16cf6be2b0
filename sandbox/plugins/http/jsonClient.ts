import { setTimeout as sleep } from "node:timers/promises";
import pRetry, { AbortError } from "p-retry";

/** An answer with the body already parsed; `undefined` where there was none. */
export interface Answer {
  status: number;
  statusText: string;
  headers: Headers;
  body: unknown;
  /** The body as it came, for error messages. */
  text: string;
}

export interface JsonRequest {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below the client's base, with its leading slash. */
  path: string;
  query?: [name: string, value: string][];
  body?: unknown;
  signal?: AbortSignal;
}

export interface JsonClientOptions {
  /** Address that every path is put behind; a trailing slash makes no difference. */
  base: string;
  headers: Record<string, string>;
  /** How often a request is repeated at most. */
  retries: number;
  /** Whether to repeat after this answer; undefined = no answer came at all. */
  shouldRetry(answer: Answer | undefined): boolean;
  /** Milliseconds before the next try. `attempt` counts from 0. */
  delay(attempt: number, answer: Answer | undefined): number;
}

/** An answer that means failure. */
export class HttpFailure extends Error {
  constructor(
    readonly request: { method: string; url: string },
    readonly answer: Answer,
  ) {
    super(`${request.method} "${request.url}": ${answer.status} ${answer.statusText} ${answer.text}`.trim());
    this.name = "HttpFailure";
  }
}

/** JSON over HTTP with bearer token and retries: all that the two cloud APIs have in common. */
export class JsonClient {
  constructor(private readonly options: JsonClientOptions) {}

  /**
   * Sends a request until it is answered well or must not be repeated.
   *
   * @throws HttpFailure for a final answer of 400 or above, the network's own error when nothing answered.
   */
  async send(request: JsonRequest): Promise<Answer> {
    const { signal } = request;
    return pRetry(() => this.attempt(request), {
      retries: this.options.retries,
      minTimeout: 0,
      signal,
      shouldRetry: ({ error }) => this.options.shouldRetry(answerOf(error)),
      onFailedAttempt: async ({ error, attemptNumber, retriesLeft }) => {
        const answer = answerOf(error);
        if (retriesLeft === 0 || !this.options.shouldRetry(answer)) return;
        await sleep(this.options.delay(attemptNumber - 1, answer), undefined, { signal });
      },
    });
  }

  private async attempt(request: JsonRequest): Promise<Answer> {
    const url = this.url(request);
    const response = await fetch(url, {
      method: request.method,
      headers: {
        accept: "application/json",
        ...(request.body === undefined ? {} : { "content-type": "application/json" }),
        ...this.options.headers,
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      signal: request.signal ?? null,
    }).catch((error: unknown) => {
      if (request.signal?.aborted) throw new AbortError(error as Error);
      throw new Unanswered(`${request.method} "${url}": ${causeOf(error)}`);
    });
    const text = await response.text();
    const { status, statusText, headers } = response;
    const answer = { status, statusText, headers, text, body: parse(text) };
    if (status >= 400) throw new HttpFailure({ method: request.method, url }, answer);
    return answer;
  }

  private url({ path, query }: JsonRequest): string {
    const search = query && query.length > 0 ? `?${new URLSearchParams(query)}` : "";
    return `${this.options.base.replace(/\/+$/, "")}${path}${search}`;
  }
}

/** Nothing came back: refused, reset, no such host. */
class Unanswered extends Error {}

function answerOf(error: unknown): Answer | undefined {
  return error instanceof HttpFailure ? error.answer : undefined;
}

function parse(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** fetch says only "fetch failed"; the reason is underneath. */
function causeOf(error: unknown): string {
  const { cause, message } = error as { cause?: { message?: string; code?: string }; message: string };
  return cause?.message || cause?.code || message;
}
