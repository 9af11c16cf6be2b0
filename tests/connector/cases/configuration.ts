import { expect } from "vitest";
import type { Case } from "../cases";
import { until } from "../connector";
import { hostname, nothingElse, type Stage } from "../stage";

/** Configurations that are refused whole. Each is pushed over a good one, which stays. */
const refused: Record<string, { ingress: unknown[]; more?: Record<string, unknown> }> = {
  "without a rule for everything": { ingress: [{ hostname, service: "http_status:201" }] },
  "whose last rule has a path": { ingress: [{ path: "^/x$", service: "http_status:201" }] },
  "with a rule for everything before the last": { ingress: [{ service: "http_status:201" }, nothingElse] },
  "with a bad expression": { ingress: [{ hostname, path: "^/(", service: "http_status:201" }, nothingElse] },
  "with an expression that only others know": {
    ingress: [{ hostname, path: "^/(?!x)", service: "http_status:201" }, nothingElse],
  },
  "with an audience and no team": {
    ingress: [
      { hostname, service: "http_status:201", originRequest: { access: { required: true, audTag: ["x"] } } },
      nothingElse,
    ],
  },
  "with a service that has a path": { ingress: [{ hostname, service: "http://agent:1/" }, nothingElse] },
  "with a service without a scheme": { ingress: [{ hostname, service: "agent:1" }, nothingElse] },
  "with a status that is none": { ingress: [{ hostname, service: "http_status:99" }, nothingElse] },
  "with a star inside a hostname": {
    ingress: [{ hostname: "a.*.example.com", service: "http_status:201" }, nothingElse],
  },
  "with a port in a hostname": { ingress: [{ hostname: `${hostname}:443`, service: "http_status:201" }, nothingElse] },
  "with a duration as text": {
    ingress: [{ hostname, service: "http_status:201", originRequest: { connectTimeout: "30s" } }, nothingElse],
  },
  "with a rule of the wrong shape": { ingress: ["http_status:201"] },
};

const old = [{ hostname, service: "http_status:202" }, nothingElse];

export const configurationCases: Case[] = [
  {
    title: "a connector that was told nothing answers with 503",
    run: async (stage) => {
      const tunnel = stage.edge.addTunnel();
      const connector = await stage.start(tunnel);
      await until(() => stage.edge.edge.connected(tunnel.id));
      expect((await stage.ask(tunnel)).status).toBe(503);
      expect(JSON.parse((await connector.page("/config")).text).version).toBe(-1);
    },
  },
  {
    title: "new rules act at once",
    run: async (stage) => {
      const { tunnel } = await stage.connect(old);
      expect((await stage.ask(tunnel)).status).toBe(202);
      tunnel.configure([{ hostname, service: "http_status:203" }, nothingElse]);
      await until(async () => (await stage.ask(tunnel)).status === 203);
    },
  },
  {
    title: "no rules at all is a configuration: everything is answered with 503",
    run: async (stage) => {
      const { tunnel } = await stage.connect([]);
      expect((await stage.ask(tunnel)).status).toBe(503);
    },
  },
  ...Object.entries(refused).map(([title, { ingress, more }]) => ({
    title: `a configuration ${title} is refused and the old one stays`,
    run: async (stage: Stage) => {
      const { tunnel, connector } = await stage.connect(old);
      tunnel.configure(ingress, more);
      await stage.edge.event(tunnel.id, "config-refused");
      expect((await stage.ask(tunnel)).status).toBe(202);
      expect(JSON.parse((await connector.page("/config")).text).version).toBe(1);
      tunnel.configure([{ hostname, service: "http_status:203" }, nothingElse]);
      await until(async () => (await stage.ask(tunnel)).status === 203, "a good one after it is not taken");
    },
  })),
  {
    title: "/config shows the version, and settings of the top on every rule",
    run: async (stage) => {
      const access = { required: true, teamName: "acme", audTag: ["x"] };
      const rules = [
        {
          hostname,
          path: "^/x$",
          service: "http://agent:18789",
          originRequest: { connectTimeout: 7, noTLSVerify: true },
        },
        nothingElse,
      ];
      const { connector } = await stage.connect(rules, { originRequest: { access, tlsTimeout: 3 } });
      const shown = JSON.parse((await connector.page("/config")).text);
      expect(shown).toMatchObject({
        version: 1,
        config: {
          ingress: [
            { hostname, path: "^/x$", service: "http://agent:18789" },
            { hostname: "", path: null, service: "http_status:404" },
          ],
          originRequest: { access, connectTimeout: 30, tlsTimeout: 3 },
        },
      });
      expect(shown.config.ingress[0].originRequest).toEqual({
        connectTimeout: 7,
        tlsTimeout: 3,
        tcpKeepAlive: 30,
        noHappyEyeballs: false,
        keepAliveTimeout: 90,
        keepAliveConnections: 100,
        httpHostHeader: "",
        originServerName: "",
        matchSNItoHost: false,
        caPool: "",
        noTLSVerify: true,
        disableChunkedEncoding: false,
        bastionMode: false,
        proxyAddress: "127.0.0.1",
        proxyPort: 0,
        proxyType: "",
        ipRules: null,
        http2Origin: false,
        access,
      });
    },
  },
  {
    title: "/metrics counts requests and says the version",
    run: async (stage) => {
      const { tunnel, connector } = await stage.connect([{ hostname, service: stage.origin.url }, nothingElse]);
      await stage.ask(tunnel);
      const { text } = await connector.page("/metrics");
      expect(text).toMatch(/^cloudflared_tunnel_total_requests 1$/m);
      expect(text).toMatch(/^cloudflared_tunnel_ha_connections 1$/m);
      expect(text).toMatch(/^cloudflared_tunnel_response_by_code\{status_code="200"\} 1$/m);
      expect(text).toMatch(/^cloudflared_orchestration_config_version 1$/m);
    },
  },
];
