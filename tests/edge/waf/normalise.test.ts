import { expect, it } from "vitest";
import { normalisedPath } from "../../../sandbox/edge/waf/normalise";

// The first five stand in https://developers.cloudflare.com/rules/normalization/examples/.
it.each([
  ["/hello", "/hello"],
  ["/%68ello", "/hello"],
  ["/%68ello//pa\\th", "/hello/pa/th"],
  ["/hello//../path", "/path"],
  ["/hello/\\../path", "/path"],
  ["/a/%2e%2e/b", "/b"],
  ["/a/%2E%2e%2fb", "/a/..%2Fb"],
  ["/a/..", "/"],
  ["/a/.", "/a/"],
  ["/../../a", "/a"],
  ["/a/...", "/a/..."],
  ["/a%2fb%5cc", "/a%2Fb%5Cc"],
  ["/%7euser%2D_%2e", "/~user-_."],
  ["/a%zz%", "/a%zz%"],
  ["/%252e%252e/b", "/%252e%252e/b"],
  ["/\xc3\xa9\x7f^|", "/%C3%A9%7F%5E%7C"],
  ["/a:/?#[]@!$&'()*+,;=", "/a:/?#[]@!$&'()*+,;="],
  ["/a;/../b", "/b"],
  ["*", "*"],
  ["", ""],
])("%s is %s", (path, wanted) => {
  expect(normalisedPath(path)).toBe(wanted);
});
