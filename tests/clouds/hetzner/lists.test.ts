import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { labelSelector } from "../../../sandbox/clouds/hetzner/labels";
import { type Json, TestProject } from "./project";

let project: TestProject;

beforeAll(async () => {
  project = await new TestProject().start();
  for (let index = 0; index < 60; index++) {
    await project.make("/firewalls", {
      name: `fw-${String(index).padStart(2, "0")}`,
      labels: { parity: index % 2 ? "odd" : "even" },
    });
  }
});
afterAll(() => project.stop());

const names = (answer: { body: Json }) => answer.body.firewalls.map((firewall: Json) => firewall.name);

describe("lists", () => {
  it("come in pages of 25, with the way to the others", async () => {
    const { body, headers } = await project.call("GET", "/firewalls?page=2");
    expect(body.firewalls).toHaveLength(25);
    expect(body.meta.pagination).toEqual({
      page: 2,
      per_page: 25,
      previous_page: 1,
      next_page: 3,
      last_page: 3,
      total_entries: 60,
    });
    expect(headers.get("link")).toMatch(
      /^<http:\/\/127.0.0.1:\d+\/v1\/firewalls\?page=1>; rel="prev", <[^>]*page=3>; rel="next", <[^>]*page=3>; rel="last"$/,
    );
  });

  it("have at most 50 to a page, and an empty one past the end", async () => {
    expect((await project.call("GET", "/firewalls?per_page=100")).body.firewalls).toHaveLength(50);
    expect((await project.call("GET", "/firewalls?page=9")).body.firewalls).toEqual([]);
    expect((await project.call("GET", "/servers")).body.meta.pagination).toMatchObject({
      previous_page: null,
      next_page: null,
      last_page: 1,
      total_entries: 0,
    });
  });

  it("are sorted by several fields and selected by name and labels", async () => {
    const found = await project.call("GET", "/firewalls?sort=name:desc&sort=id&per_page=2");
    expect(names(found)).toEqual(["fw-59", "fw-58"]);
    expect(names(await project.call("GET", "/firewalls?name=fw-07"))).toEqual(["fw-07"]);
    const odd = await project.call("GET", "/firewalls?label_selector=parity%3Dodd&per_page=3");
    expect(names(odd)).toEqual(["fw-01", "fw-03", "fw-05"]);
    expect(odd.body.meta.pagination.total_entries).toBe(30);
  });

  it("of images leave out what is deprecated unless asked", async () => {
    const shown = await project.call("GET", "/images?architecture=x86");
    expect(shown.body.images.map((image: Json) => image.name)).toEqual(["debian-12", "debian-13", "ubuntu-24.04"]);
    const all = await project.call("GET", "/images?name=debian-11&include_deprecated=true");
    expect(all.body.images[0].deprecated).toBe("2026-08-31T00:00:00Z");
    const arm = await project.call("GET", "/images?name=debian-12&architecture=arm&include_deprecated=true");
    expect(arm.body.images).toMatchObject([{ name: "debian-12", architecture: "arm" }]);
  });

  it("of server types say where each is sold and until when", async () => {
    const [cx23] = (await project.call("GET", "/server_types?name=cx23")).body.server_types;
    expect(cx23).toMatchObject({
      cores: 2,
      memory: 4,
      disk: 40,
      architecture: "x86",
      deprecated: false,
      deprecation: null,
    });
    expect(cx23.prices.map((price: Json) => price.location)).toEqual(["fsn1", "nbg1", "hel1"]);
    expect(cx23.prices[0].price_monthly.net).toMatch(/^\d+\.\d{4}$/);
    const [cpx11] = (await project.call("GET", "/server_types?name=cpx11")).body.server_types;
    expect(cpx11.deprecation).toBeNull();
    expect(cpx11.locations.find((location: Json) => location.name === "fsn1").deprecation).not.toBeNull();
    expect(cpx11.locations.find((location: Json) => location.name === "ash").deprecation).toBeNull();
    expect((await project.call("GET", `/server_types/${cx23.id}`)).body.server_type.name).toBe("cx23");
  });
});

describe("label selectors", () => {
  const labels = { env: "production", type: "web", "example.com/team": "reef", flag: "" };
  it.each([
    ["env", true],
    ["!env", false],
    ["!other", true],
    ["env=production", true],
    ["env == production", true],
    ["env!=production", false],
    ["other!=x", true],
    ["flag=", true],
    ["env in (production,staging)", true],
    ["env in (testing, staging)", false],
    ["other in (a)", false],
    ["env notin (testing)", true],
    ["other notin (a)", true],
    ["env=production,type!=database", true],
    ["env in (a,production),!type", false],
    ["example.com/team=reef", true],
  ])("%s is %s", (selector, matches) => {
    expect(labelSelector(selector)(labels)).toBe(matches);
  });

  it.each(["", "a b", "=x", "a=b,,c", "env in production", "-a", "a/b/c"])("refuse %j", (selector) => {
    expect(() => labelSelector(selector)).toThrow("is not a valid label selector");
  });
});

describe("the rate limit", () => {
  it("is told in every answer and enforced", async () => {
    const slow = await new TestProject(undefined, {}, { requestsPerHour: 3 }).start();
    const answers = [];
    for (let index = 0; index < 4; index++) answers.push(await slow.call("GET", "/locations"));
    await slow.stop();
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 429]);
    expect(answers.map((answer) => answer.headers.get("ratelimit-remaining"))).toEqual(["2", "1", "0", "0"]);
    expect(answers[0]?.headers.get("ratelimit-limit")).toBe("3");
    expect(Number(answers[3]?.headers.get("ratelimit-reset"))).toBeGreaterThan(Date.now() / 1000 + 3000);
    expect(answers[3]?.body.error.code).toBe("rate_limit_exceeded");
  });
});
