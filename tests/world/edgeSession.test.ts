import { expect, it } from "vitest";
import type { EdgeAnswer, EdgeClient, EdgeSend } from "../../cli/edgeClient";
import { EdgeSession } from "../../cli/edgeSession";

/** A world of pages by address, which notes what it is asked. */
function pages(answers: Record<string, Partial<EdgeAnswer>>) {
  const asked: { url: string; send: EdgeSend }[] = [];
  const request = async (host: string, target: string, send: EdgeSend = {}): Promise<EdgeAnswer> => {
    asked.push({ url: `${host}${target}`, send });
    return { status: 200, headers: {}, text: "", ray: "", ...answers[`${host}${target}`] };
  };
  return { asked, session: new EdgeSession({ request } as unknown as EdgeClient) };
}

const to = (location: string, ...cookies: string[]) => ({ status: 302, headers: { location, "set-cookie": cookies } });
const field = (send: EdgeSend, name: string) => send.headers?.find(([key]) => key === name)?.[1];

it("follows redirects, and gives each host its own cookies only", async () => {
  const { asked, session } = pages({
    "a.test/": to("https://b.test/login?x=1", "one=1; Path=/; HttpOnly"),
    "b.test/login?x=1": to("https://a.test/in", "two=2"),
    "a.test/in": to("/end", "one=; Max-Age=0", "three=3"),
  });
  expect((await session.open("https://a.test/")).url.href).toBe("https://a.test/end");
  expect(asked.map(({ url, send }) => [url, field(send, "cookie")])).toEqual([
    ["a.test/", undefined],
    ["b.test/login?x=1", undefined],
    ["a.test/in", "one=1"],
    ["a.test/end", "three=3"],
  ]);
  expect(session.cookie("b.test", "two")).toBe("2");
});

it("gives up on redirects that do not end", async () => {
  await expect(pages({ "a.test/": to("/") }).session.open("https://a.test/")).rejects.toThrow("leads on and on");
});

it("sends a form with what it holds and what is filled in, and goes on without its body", async () => {
  const text = `<form method="post" action="/next?a=1&amp;b=2"><input type="hidden" name="state" value="&lt;s&gt;">
    <input name="email"></form>`;
  const { asked, session } = pages({ "a.test/": { text }, "a.test/next?a=1&b=2": to("/done") });
  await session.submit(await session.open("https://a.test/"), { email: "ana@example.com" });
  const [, sent, after] = asked;
  expect(sent).toMatchObject({ url: "a.test/next?a=1&b=2", send: { method: "POST" } });
  expect(sent!.send.body).toBe("state=%3Cs%3E&email=ana%40example.com");
  expect(field(sent!.send, "origin")).toBe("https://a.test");
  expect([after!.url, after!.send.method, after!.send.body, field(after!.send, "content-type")]).toEqual([
    "a.test/done",
    undefined,
    undefined,
    undefined,
  ]);
});
