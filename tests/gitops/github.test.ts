import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectGitHub } from "../../cli/github/client";
import { closeIssue, keepComment, keepIssue } from "../../cli/github/kept";
import { GitHub } from "./gitHub";

const marker = "<!-- creel:changes fleet/staging -->";
const text = `${marker}\n### staging: 1 agent added\n`;
const bot = "github-actions[bot]";

describe("texts that are kept current on GitHub", () => {
  let gitHub: GitHub;

  beforeEach(async () => {
    gitHub = await new GitHub().start();
  });
  afterEach(() => gitHub.stop());

  function repository(token = "token-of-the-workflow") {
    const env = { GITHUB_TOKEN: token, GITHUB_REPOSITORY: "acme/fleet", GITHUB_API_URL: gitHub.url };
    return connectGitHub({ env, second: 10 });
  }

  it("are one comment, that is written once, changed, and else left alone", async () => {
    const pull = gitHub.pull();
    expect(await keepComment(repository(), pull, text)).toMatchObject({ done: "created" });
    expect(await keepComment(repository(), pull, text)).toMatchObject({ done: "unchanged" });
    expect(await keepComment(repository(), pull, `${text}more`)).toMatchObject({ done: "updated" });
    expect(gitHub.comments).toMatchObject([{ login: bot, body: `${text}more` }]);
  });

  it("are one comment for each stack", async () => {
    const pull = gitHub.pull();
    await keepComment(repository(), pull, text);
    await keepComment(repository(), pull, text.replace("fleet/staging", "fleet/production"));
    expect(gitHub.comments).toHaveLength(2);
  });

  it("are found behind hundreds of comments, and never in somebody else's", async () => {
    const pull = gitHub.pull();
    const theirs = gitHub.says("mallory", pull, text);
    for (let i = 0; i < 250; i++) gitHub.says("ana", pull, `comment ${i}`);
    gitHub.says(bot, pull, text);
    expect(await keepComment(repository(), pull, `${text}more`)).toMatchObject({ done: "updated" });
    expect(gitHub.asked.filter((line) => line.startsWith("GET"))).toHaveLength(3);
    expect(gitHub.comments.find(({ id }) => id === theirs)!.body).toBe(text);
  });

  it("are one comment again where two jobs wrote one each", async () => {
    const pull = gitHub.pull();
    const first = gitHub.says(bot, pull, text);
    gitHub.says(bot, pull, text);
    expect(await keepComment(repository(), pull, text)).toMatchObject({ done: "unchanged" });
    expect(gitHub.comments.map(({ id }) => id)).toEqual([first]);
  });

  it("are written anew where the comment is deleted in between", async () => {
    const pull = gitHub.pull();
    gitHub.says(bot, pull, text);
    gitHub.refusals.push({ to: "PATCH", status: 404, message: "Not Found" });
    expect(await keepComment(repository(), pull, `${text}more`)).toMatchObject({ done: "created" });
  });

  it("are written once where GitHub fails after it has done what was asked", async () => {
    const pull = gitHub.pull();
    gitHub.refusals.push({ to: "POST", status: 502, message: "Server Error", afterwards: true });
    expect(await keepComment(repository(), pull, text)).toMatchObject({ done: "unchanged" });
    expect(gitHub.comments).toHaveLength(1);
  });

  it("wait as long as GitHub's limits ask", async () => {
    const pull = gitHub.pull();
    const message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    gitHub.refusals.push({ to: "GET", status: 403, message, headers: { "retry-after": "30" } });
    const reset = String(Math.ceil(Date.now() / 1000) + 20);
    const headers = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset };
    gitHub.refusals.push({ to: "GET", status: 429, message: "API rate limit exceeded", headers });
    const started = Date.now();
    expect(await keepComment(repository(), pull, text)).toMatchObject({ done: "created" });
    // 30 and 21 seconds, of 10 milliseconds here.
    expect(Date.now() - started).toBeGreaterThan(450);
  });

  it("do not wait for an hour", async () => {
    const headers = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(Math.ceil(Date.now() / 1000) + 3600) };
    gitHub.refusals.push({ to: "GET", status: 403, message: "API rate limit exceeded", headers });
    await expect(keepComment(repository(), gitHub.pull(), text)).rejects.toThrow(/limit of requests is used up/);
  });

  it.each([
    ["a token that has ended", "token-that-has-ended", /401, Bad credentials.*The token is wrong/],
    ["the token of a fork", "token-of-a-fork", /403, Resource not accessible.*may only read/],
  ])("are refused to %s, in words that help", async (_who, token, words) => {
    const refused = expect(keepComment(repository(token), gitHub.pull(), text)).rejects;
    await refused.toThrow(words);
    await refused.not.toThrow(token);
  });

  it("are refused where there is no such pull request, or the text is too long", async () => {
    await expect(keepComment(repository(), 7, text)).rejects.toThrow(/#7: GitHub answers 404.*no such number/);
    const long = text + "x".repeat(65_536);
    await expect(keepComment(repository(), gitHub.pull(), long)).rejects.toThrow(/422, .*maximum is 65536 characters/);
  });

  it("are one issue, opened, kept current and closed", async () => {
    const drift = text.replace("changes", "drift");
    gitHub.issues.push({ number: 1, title: "not ours", login: "mallory", body: drift, state: "open" });
    for (let i = 0; i < 120; i++) {
      gitHub.issues.push({ number: 1000 + i, title: `other ${i}`, login: bot, body: "", state: "open" });
    }
    expect(await keepIssue(repository(), "Drift: staging", drift)).toMatchObject({ done: "created" });
    expect(await keepIssue(repository(), "Drift: staging", drift)).toMatchObject({ done: "unchanged" });
    expect(await keepIssue(repository(), "Drift: staging", `${drift}more`)).toMatchObject({ done: "updated" });
    expect(await closeIssue(repository(), `${drift}clean`)).toMatchObject({ done: "closed" });
    expect(gitHub.issues.at(-1)).toMatchObject({ state: "closed", state_reason: "completed", body: `${drift}clean` });
    expect(await closeIssue(repository(), `${drift}clean`)).toEqual({ done: "none" });
    expect(await keepIssue(repository(), "Drift: staging", drift)).toMatchObject({ done: "created" });
    expect(gitHub.issues.find(({ login }) => login === "mallory")).toMatchObject({ state: "open", body: drift });
  });

  it("need a marker", async () => {
    await expect(keepIssue(repository(), "title", "no marker")).rejects.toThrow(/no marker in its first line/);
    expect(gitHub.issues).toEqual([]);
  });

  it("need to know where they go, and say all that is missing", () => {
    const connect = () => connectGitHub({ env: { GITHUB_REPOSITORY: "fleet" } });
    expect(connect).toThrow(/GITHUB_TOKEN +is missing[\s\S]*GITHUB_REPOSITORY +"fleet" is not OWNER\/NAME/);
  });
});
