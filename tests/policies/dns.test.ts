import { describe, expect, it } from "vitest";
import type { StackResource } from "../../policies/dns";
import { guardedRoute, notFound, type Properties } from "./examples";
import { judgeStack, resource, unknown } from "./judge";

const tunnel = resource("tunnel", "tunnel", { configSrc: "cloudflare" });
const config = (route: Properties) =>
  resource("routes", "routes", { config: { ingresses: [route, notFound] } }, [tunnel], { tunnelId: [tunnel] });
const application = resource("application", "application", { domain: "atlas.example.com" });
const record = (proxied: unknown, after: StackResource[], changes: Properties = {}) =>
  resource(
    "record",
    "record",
    { name: "atlas.example.com", type: "CNAME", content: unknown, proxied, ...changes },
    [tunnel, ...after],
    { content: [tunnel] },
  );

describe("DNS records to a tunnel whose id is not known yet", () => {
  const guarded = config(guardedRoute);
  const webhooks = config({ hostname: "atlas.example.com", path: "^/slack$", service: "http://agent:8080" });

  it("are proxied, and wait for Access where the tunnel's route is guarded by it", () => {
    expect(judgeStack([tunnel, guarded, application, record(true, [application])])).toEqual([]);
    const between = resource("container", "connector", {}, [application]);
    expect(judgeStack([tunnel, guarded, application, between, record(true, [between])])).toEqual([]);
  });

  it("need no application for webhooks", () => {
    expect(judgeStack([tunnel, webhooks, record(true, [])])).toEqual([]);
  });

  it("are refused without the proxy", () => {
    for (const proxied of [false, undefined]) {
      expect(judgeStack([tunnel, webhooks, record(proxied, [])])).toEqual(["dns-proxied: record"]);
    }
  });

  it("are refused before the application of their own name", () => {
    const other = resource("application", "other", { domain: "other.example.com" });
    for (const after of [[], [other]]) {
      const stack = [tunnel, guarded, application, other, record(true, after)];
      expect(judgeStack(stack)).toEqual(["dns-after-access: record"]);
    }
  });
});

describe("DNS records with a known target", () => {
  const direct = (content: string) => resource("record", "record", { name: "a.example.com", content, proxied: false });

  it("are recognized by a tunnel's domain", () => {
    expect(judgeStack([direct("0123.cfargotunnel.com")])).toEqual(["dns-proxied: record"]);
    expect(judgeStack([direct("mail.example.net")])).toEqual([]);
  });
});
