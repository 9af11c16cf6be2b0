import { describe, expect, it } from "vitest";
import { bySpecificity, covers, glob, normalPath } from "../../../sandbox/edge/access/places";

describe("what a destination covers", () => {
  // The tables of https://developers.cloudflare.com/cloudflare-one/access-controls/policies/app-paths/, and more.
  it.each([
    ["*.example.com", ["alpha.example.com/"], ["example.com/", "foo.bar.example.com/"]],
    ["example.com", ["example.com/", "example.com/alpha"], ["alpha.example.com/"]],
    ["example.com/*", ["example.com/", "example.com/alpha"], ["alpha.example.com/"]],
    ["*.test.example.com", ["alpha.test.example.com/"], ["test.example.com/", "example.com/"]],
    ["*test.example.com", ["test.example.com/", "alphatest.example.com/"], ["beta.test.example.com/"]],
    ["*-ops.example.com", ["atlas-ops.example.com/"], ["atlas-ops2.example.com/", "a.b-ops.example.com/"]],
    [
      "example.com/alpha/*",
      ["example.com/alpha/one", "example.com/alpha/one/two"],
      ["example.com/alpha", "example.com/"],
    ],
    [
      "example.com/foo*/bar",
      ["example.com/foo/bar", "example.com/food/stuff/bar"],
      ["example.com/foo", "example.com/bar"],
    ],
    [
      "example.com/alpha",
      ["example.com/alpha", "example.com/alpha/one"],
      ["example.com/alphabet", "example.com/Alpha"],
    ],
    ["example.com/alpha/", ["example.com/alpha", "example.com/alpha/one"], ["example.com/alphabet"]],
    ["Example.COM/a", ["example.com/a"], ["examplexcom/a"]],
  ])("%s", (uri, inside, outside) => {
    const covered = (place: string) => {
      const slash = place.indexOf("/");
      return covers(uri, place.slice(0, slash), place.slice(slash));
    };
    expect(inside.filter((place) => !covered(place))).toEqual([]);
    expect(outside.filter(covered)).toEqual([]);
  });

  it("goes from the most specific to the least", () => {
    const wanted = [
      "a.example.com/admin/secret",
      "a.example.com/admin",
      "a.example.com/admin*",
      "a.example.com",
      "a*.example.com",
      "*.example.com/admin",
      "*.example.com",
    ];
    expect([...wanted].reverse().sort(bySpecificity)).toEqual(wanted);
  });
});

describe("paths are compared after normalising", () => {
  it.each([
    ["/a/../admin", "/admin"],
    ["/a/%2e%2E/admin", "/admin"],
    ["//admin", "/admin"],
    ["/\\admin", "/admin"],
    ["/%61dmin?x=/y", "/admin"],
    ["/./admin/.", "/admin/"],
    ["/../../admin", "/admin"],
    ["/a%2fadmin", "/a%2Fadmin"],
    ["/%", "/%"],
    ["", "/"],
  ])("%s", (target, path) => expect(normalPath(target)).toBe(path));
});

it("a pattern with many stars takes no long time on a long text", () => {
  const started = Date.now();
  expect(glob("/a*".repeat(30), `${"/a".repeat(8000)}b/`)).toBe(true);
  expect(glob(`${"/a*".repeat(30)}/x`, "/a".repeat(8000))).toBe(false);
  expect(Date.now() - started).toBeLessThan(1000);
});
