import { type Answer, HttpFailure, JsonClient, type JsonRequest } from "../http/jsonClient";

export interface CloudflareOptions {
  baseUrl: string;
  /** Headers that say who asks. */
  credentials: Record<string, string>;
}

/** What the official client does about answers that may be better next time (cloudflare-go, internal/requestconfig). */
const RETRIES = 10;
const RETRIED_STATUS = new Set([408, 409, 429]);
/** First and longest pause between two tries, in milliseconds; it doubles in between. */
const FIRST_PAUSE = 2000;
const LONGEST_PAUSE = 30_000;
/** A server's own wish counts only below a minute. */
const LONGEST_WISH = 60_000;

/** Client of the Cloudflare API. Success and failure are told by the HTTP status alone, as the official client does. */
export class CloudflareClient {
  private readonly http: JsonClient;

  constructor(options: CloudflareOptions) {
    this.http = new JsonClient({
      base: options.baseUrl,
      headers: { ...options.credentials, "user-agent": "creel-cloudflare" },
      retries: RETRIES,
      shouldRetry,
      delay: pause,
    });
  }

  /**
   * One request; the `result` of the answer's envelope, undefined for an answer without a body.
   *
   * @throws Error in the official client's words.
   */
  async send<T>(
    method: JsonRequest["method"],
    path: string,
    signal: AbortSignal,
    body: unknown = undefined,
  ): Promise<T | undefined> {
    try {
      const answer = await this.http.send({ method, path, signal, body });
      return (answer.body as { result?: T } | undefined)?.result;
    } catch (error) {
      throw new CloudflareError(`failed to make http request: ${(error as Error).message}`, statusOf(error));
    }
  }
}

export class CloudflareError extends Error {
  constructor(
    message: string,
    /** HTTP status; undefined if nothing answered. */
    readonly status: number | undefined,
  ) {
    super(message);
    this.name = "CloudflareError";
  }
}

function statusOf(error: unknown): number | undefined {
  return error instanceof HttpFailure ? error.answer.status : undefined;
}

function shouldRetry(answer: Answer | undefined): boolean {
  if (!answer) return true;
  const told = answer.headers.get("x-should-retry");
  if (told === "true") return true;
  if (told === "false") return false;
  return RETRIED_STATUS.has(answer.status) || answer.status >= 500;
}

function pause(attempt: number, answer: Answer | undefined): number {
  const wish = wishedPause(answer);
  if (wish !== undefined && wish >= 0 && wish < LONGEST_WISH) return wish;
  return Math.min(FIRST_PAUSE * 2 ** attempt, LONGEST_PAUSE);
}

function wishedPause(answer: Answer | undefined): number | undefined {
  const milliseconds = Number.parseFloat(answer?.headers.get("retry-after-ms") ?? "");
  if (Number.isFinite(milliseconds)) return milliseconds;
  const after = answer?.headers.get("retry-after");
  if (!after) return undefined;
  const seconds = Number.parseFloat(after);
  return Number.isFinite(seconds) ? seconds * 1000 : Date.parse(after) - Date.now();
}
