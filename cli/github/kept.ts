import pRetry, { AbortError } from "p-retry";
import { explained, isOutage, once, type Repository, statusOf } from "./client";
import { markerOf } from "./markdown";

/** What was done, and where it can be read. */
export interface Kept {
  done: "created" | "updated" | "unchanged" | "closed" | "none";
  url?: string;
}

/**
 * Keeps one comment with the marker of a text below a pull request or issue: writes it, or changes the one that is there.
 * Should there be more of ours with the same marker, the first is kept.
 *
 * @param text Markdown that begins with a marker
 * @throws with what GitHub answered
 */
export function keepComment(repository: Repository, number: number, text: string): Promise<Kept> {
  const { api, owner, repo, author } = repository;
  const marker = neededMarker(text);
  const at = { owner, repo, issue_number: number };
  return steadily(`the comment below #${number}`, async () => {
    const all = await api.paginate(api.rest.issues.listComments, { ...at, per_page: 100 });
    const [first, ...more] = all.filter(({ user, body }) => user?.login === author && markerOf(body ?? "") === marker);
    for (const { id } of more) await api.rest.issues.deleteComment({ owner, repo, comment_id: id });
    if (first !== undefined && isSame(first.body, text)) return { done: "unchanged", url: first.html_url };
    if (first !== undefined) {
      const changed = { owner, repo, comment_id: first.id, body: text };
      const kept = await api.rest.issues.updateComment(changed).catch(unlessGone);
      if (kept !== undefined) return { done: "updated", url: kept.data.html_url };
    }
    const made = await api.rest.issues.createComment({ ...at, body: text, ...once });
    return { done: "created", url: made.data.html_url };
  });
}

/**
 * Keeps one open issue with the marker of a text: opens it, or changes the one that is open.
 *
 * @param text Markdown that begins with a marker
 * @throws with what GitHub answered
 */
export function keepIssue(repository: Repository, title: string, text: string): Promise<Kept> {
  const { api, owner, repo } = repository;
  return steadily(`the issue "${title}"`, async () => {
    const open = await openIssue(repository, text);
    if (open === undefined) {
      const made = await api.rest.issues.create({ owner, repo, title, body: text, ...once });
      return { done: "created", url: made.data.html_url };
    }
    if (isSame(open.body, text) && open.title === title) return { done: "unchanged", url: open.html_url };
    await api.rest.issues.update({ owner, repo, issue_number: open.number, title, body: text });
    return { done: "updated", url: open.html_url };
  });
}

/** Closes the open issue with the marker of a text, where there is one, and leaves the text in it. */
export function closeIssue(repository: Repository, text: string): Promise<Kept> {
  const { api, owner, repo } = repository;
  return steadily("the issue", async () => {
    const open = await openIssue(repository, text);
    if (open === undefined) return { done: "none" };
    const closed = { state: "closed", state_reason: "completed", body: text } as const;
    await api.rest.issues.update({ owner, repo, issue_number: open.number, ...closed });
    return { done: "closed", url: open.html_url };
  });
}

async function openIssue({ api, owner, repo, author }: Repository, text: string) {
  const marker = neededMarker(text);
  const all = await api.paginate(api.rest.issues.listForRepo, {
    owner,
    repo,
    state: "open",
    creator: author,
    per_page: 100,
  });
  const ours = all.filter(({ body, user, pull_request }) => {
    return !pull_request && user?.login === author && markerOf(body ?? "") === marker;
  });
  // The newest comes first; the oldest is the one that people know.
  return ours.at(-1);
}

/** Looks again before it makes anything again, where GitHub failed in between. */
function steadily(what: string, work: () => Promise<Kept>): Promise<Kept> {
  const attempt = () =>
    work().catch((error: Error) => {
      throw isOutage(error) ? error : new AbortError(explained(error, what));
    });
  return pRetry(attempt, { retries: 2, minTimeout: 500 }).catch((error: Error) => {
    throw isOutage(error) ? explained(error, what) : error;
  });
}

function unlessGone(error: Error): undefined {
  if (statusOf(error) !== 404) throw error;
  return undefined;
}

function neededMarker(text: string): string {
  const marker = markerOf(text);
  if (marker === undefined) {
    throw new Error("The text has no marker in its first line: write it with creel changes or creel drift.");
  }
  return marker;
}

/** GitHub keeps what it is given but for line ends and what follows the last word. */
function isSame(before: string | null | undefined, after: string): boolean {
  const plain = (text: string) => text.replace(/\r\n/g, "\n").trimEnd();
  return plain(before ?? "") === plain(after);
}
