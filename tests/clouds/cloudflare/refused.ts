import { expect } from "vitest";
import type { TestAccount } from "./account";

/** A request that must be refused: `expected` is status and code, then words of the answer. */
export interface Refused {
  title: string;
  request: string;
  body?: unknown;
  expected: string;
}

export const refused = (title: string, request: string, body: unknown, expected: string): Refused => {
  return { title, request, body, expected };
};

/** Puts ids in the place of their names: `{group}` in a path or anywhere in a body. */
export function filledIn(template: string, ids: Record<string, string>): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => ids[name] ?? whole);
}

/** Sends it and checks the refusal, its envelope, and that nothing has come of it. */
export async function expectRefused(account: TestAccount, row: Refused, ids: Record<string, string>): Promise<void> {
  const before = structuredClone(account.store.state);
  const [method = "", path = ""] = filledIn(row.request, ids).split(" ");
  const sent = typeof row.body === "object" ? filledIn(JSON.stringify(row.body), ids) : row.body;
  const answer = await account.call(method, path, sent);
  const [outcome, words] = row.expected.split(": ");
  const { errors } = answer.body;
  expect(`${answer.status} ${errors[0].code} ${errors[0].message}`).toMatch(new RegExp(`^${outcome} `));
  expect(answer.body).toMatchObject({ success: false, result: null, messages: [], errors: [{ code: errors[0].code }] });
  if (words) expect(JSON.stringify(errors)).toContain(words);
  if (answer.status === 409 || answer.status >= 500) expect(answer.headers.get("x-should-retry")).toBe("false");
  expect(account.store.state).toEqual(before);
}
