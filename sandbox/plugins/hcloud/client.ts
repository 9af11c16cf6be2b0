import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, HttpFailure, JsonClient, type JsonRequest } from "../http/jsonClient";

export interface HcloudOptions {
  endpoint: string;
  token: string;
  /** First pause between two looks at an action, in milliseconds. */
  pollInterval: number;
  /** Whether the pause doubles with every look. */
  exponential: boolean;
}

/** A long-running piece of work, as the API reports it. */
export interface Action {
  id: number;
  command: string;
  status: "running" | "success" | "error";
  error?: { code: string; message: string } | null;
  resources?: { id: number; type: string }[];
}

/** An answer of the API that means failure. */
export class HcloudError extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = "HcloudError";
  }
}

/** Answers that the official client repeats a request for, up to five times. */
const RETRIED_CODES = new Set(["conflict", "rate_limit_exceeded", "bad_gateway", "timeout"]);
const RETRIED_STATUS = new Set([502, 504]);
const RETRIES = 5;
/** Longest pause between two tries, in milliseconds. */
const RETRY_CAP = 60_000;
/** Longest pause between two looks at an action, in milliseconds. */
const POLL_CAP = 10_000;
/** Entries a page of a list holds; the API allows no more. */
const PAGE = 50;

/** Client of the Hetzner Cloud API: retries, pages, and actions waited for, as the official one does. */
export class HcloudClient {
  private readonly http: JsonClient;

  constructor(private readonly options: HcloudOptions) {
    this.http = new JsonClient({
      base: options.endpoint,
      headers: { authorization: `Bearer ${options.token}`, "user-agent": "creel-hcloud" },
      retries: RETRIES,
      shouldRetry: (answer) =>
        answer !== undefined && (RETRIED_STATUS.has(answer.status) || RETRIED_CODES.has(errorOf(answer)?.code ?? "")),
      delay: (attempt) => Math.min(1000 * 2 ** attempt, RETRY_CAP),
    });
  }

  /**
   * One request; the parsed body.
   *
   * @throws HcloudError
   */
  async send<T>(method: JsonRequest["method"], path: string, signal: AbortSignal, body?: unknown): Promise<T> {
    return this.request<T>({ method, path, signal, body });
  }

  /** The one thing at a path, or undefined if the API knows none. */
  async find<T>(path: string, key: string, signal: AbortSignal): Promise<T | undefined> {
    try {
      return (await this.request<Record<string, T>>({ method: "GET", path, signal }))[key];
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** A thing by its id, or else by its name, as the official client understands "id or name". */
  async findByIdOrName<T>(
    path: string,
    keys: { one: string; many: string },
    idOrName: string,
    signal: AbortSignal,
    query: [string, string][] = [],
  ): Promise<T | undefined> {
    if (/^\d+$/.test(idOrName)) {
      const found = await this.find<T>(`${path}/${idOrName}`, keys.one, signal);
      if (found) return found;
    }
    return (await this.list<T>(path, keys.many, signal, [["name", idOrName], ...query]))[0];
  }

  /** All entries of a list, page by page. */
  async list<T>(path: string, key: string, signal: AbortSignal, query: [string, string][] = []): Promise<T[]> {
    const found: T[] = [];
    for (let page = 1; ; ) {
      const paging: [string, string][] = [
        ["page", String(page)],
        ["per_page", String(PAGE)],
      ];
      const answer = await this.request<Record<string, T[]> & Paged>({
        method: "GET",
        path,
        signal,
        query: [...query, ...paging],
      });
      found.push(...(answer[key] ?? []));
      const next = answer.meta?.pagination?.next_page;
      if (!next) return found;
      page = next;
    }
  }

  /**
   * Resolves when every action has succeeded.
   *
   * @throws HcloudError for the first that failed.
   */
  async settle(actions: (Action | null | undefined)[], signal: AbortSignal): Promise<void> {
    let running = unfinished(actions.filter((action): action is Action => action !== null && action !== undefined));
    for (let look = 0; running.length > 0; look++) {
      const factor = this.options.exponential ? 2 ** look : 1;
      await sleep(
        Math.min(this.options.pollInterval * factor, Math.max(POLL_CAP, this.options.pollInterval)),
        undefined,
        {
          signal,
        },
      );
      const ids = running.map(({ id }): [string, string] => ["id", String(id)]);
      const sort: [string, string][] = [
        ["sort", "status"],
        ["sort", "id"],
      ];
      const current = await this.list<Action>("/actions", "actions", signal, [...ids, ...sort]);
      const missing = running.find(({ id }) => !current.some((action) => action.id === id));
      if (missing) throw new Error(`actions not found: ${missing.id}`);
      running = unfinished(current);
    }
  }

  private async request<T>(request: JsonRequest): Promise<T> {
    try {
      return (await this.http.send(request)).body as T;
    } catch (error) {
      throw error instanceof HttpFailure ? describe(error) : error;
    }
  }
}

interface Paged {
  meta?: { pagination?: { next_page: number | null } };
}

interface ApiError {
  code: string;
  message: string;
  details?: { fields?: { name: string; messages: string[] }[] } | null;
}

function errorOf(answer: Answer): ApiError | undefined {
  return (answer.body as { error?: ApiError } | undefined)?.error;
}

/** In the words of the official client: "message (code)", and for invalid input which field and why. */
function describe(failure: HttpFailure): Error {
  const error = errorOf(failure.answer);
  const { status } = failure.answer;
  if (!error) return new HcloudError("", status, `hcloud: server responded with status code ${status}`);
  const fields = (error.details?.fields ?? []).map(({ name, messages }) => `${name} => [${messages.join(" ")}]`);
  const details = fields.length > 0 ? `: [${fields.join(" ")}]` : "";
  return new HcloudError(error.code, status, `${error.message} (${error.code})${details}`);
}

function unfinished(actions: Action[]): Action[] {
  for (const action of actions) {
    if (action.status !== "error") continue;
    const { code = "action_failed", message = `action ${action.command} failed` } = action.error ?? {};
    throw new HcloudError(code, 200, `${message} (${code}, ${action.id})`);
  }
  return actions.filter((action) => action.status === "running");
}

export function isNotFound(error: unknown): boolean {
  return hasCode(error, "not_found");
}

export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof HcloudError && codes.includes(error.code);
}

/**
 * Repeats work that may have to wait for something else in the API, with pauses of 1, 2, 4 … seconds.
 *
 * @param tries How often it is tried at most.
 */
export async function retry<T>(
  tries: number,
  worthwhile: (error: unknown) => boolean,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt + 1 >= tries || !worthwhile(error)) throw error;
      await sleep(Math.min(1000 * 2 ** attempt, RETRY_CAP), undefined, { signal });
    }
  }
}
