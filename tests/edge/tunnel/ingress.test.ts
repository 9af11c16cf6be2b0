import { describe, expect, it } from "vitest";
import { ingressFault } from "../../../sandbox/clouds/cloudflare/ingress";

const withPath = (path: string) =>
  ingressFault([{ hostname: "a.example.com", path, service: "http://agent:18789" }, { service: "http_status:404" }]);

describe("paths of ingress rules are expressions of Go", () => {
  it.each(["^/slack/events$", "(?i)^/x$", "[[:alpha:]]+", "(?P<name>x)", "\\pL", "\\z", "a{1000}", "/api/"])(
    "so %s is taken",
    (path) => {
      expect(withPath(path)).toBeUndefined();
    },
  );

  it.each(["(", "^(?!x)", "(?<=x)y", "(x)\\1", "a{1001}", "[[:word", "x**", "\\u0041"])("so %s is refused", (path) => {
    expect(withPath(path)).toBe("Rule #1 has an invalid regex");
  });
});
