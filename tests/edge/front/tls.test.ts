import { once } from "node:events";
import { connect } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { shakeHands } from "./clients";
import { type Front, setSetting, startFront, teamHost } from "./frontWorld";

let front: Front;
beforeAll(async () => {
  front = await startFront();
});
afterAll(() => front.stop());

const noCertificate = "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE";

test.each([
  ["a name of a zone", "app.agents.test"],
  ["any other first-level name, with a record or without", "nobody.agents.test"],
  ["the zone itself", "agents.test"],
  ["capitals", "APP.Agents.Test"],
  ["the team's own name", teamHost],
])("%s gets a certificate that covers it", async (_, servername) => {
  expect(await shakeHands(front, { servername })).toMatch(/^TLSv1\.3/);
});

test.each([
  ["a name two levels below the zone, as with Universal SSL", "a.app.agents.test"],
  ["a name in no zone", "example.com"],
  ["a zone's name as the end of another word", "notagents.test"],
  ["another team's name", "nobody.cloudflareaccess.com"],
  ["the tunnels' name on the port of browsers", "h2.cftunnel.com"],
])("%s ends the handshake", async (_, servername) => {
  expect(await shakeHands(front, { servername })).toBe(noCertificate);
  expect(front.lines.at(-1)).toMatchObject({
    kind: "request",
    by: "edge",
    host: servername,
    status: 0,
    reason: "no certificate for this name",
  });
});

test("the authority's certificate comes along, for browsers that are told to trust its key", async () => {
  const socket = connect({
    host: "127.0.0.1",
    port: front.edge.ports.https,
    servername: "app.agents.test",
    rejectUnauthorized: false,
  });
  await once(socket, "secureConnect");
  const { subject, issuerCertificate } = socket.getPeerCertificate(true);
  socket.destroy();
  expect([subject.CN, issuerCertificate.subject.CN]).toEqual(["agents.test", "Creel sandbox CA"]);
});

test("no server name at all ends the handshake", async () => {
  expect(await shakeHands(front, { servername: "" })).toBe(noCertificate);
});

test("HTTP/2 is offered first, and HTTP/1.1", async () => {
  const servername = "app.agents.test";
  expect(await shakeHands(front, { servername, ALPNProtocols: ["h2", "http/1.1"] })).toBe("TLSv1.3 h2");
  expect(await shakeHands(front, { servername, ALPNProtocols: ["http/1.1"] })).toBe("TLSv1.3 http/1.1");
});

test.each([
  ["1.0", "TLSv1.1", "TLSv1.1 -"],
  ["1.2", "TLSv1.1", noCertificate],
  ["1.2", "TLSv1.2", "TLSv1.2 -"],
  ["1.3", "TLSv1.2", noCertificate],
  ["1.3", "TLSv1.3", "TLSv1.3 -"],
] as const)("with min_tls_version %s a client of %s: %s", async (lowest, version, outcome) => {
  setSetting(front.world, "min_tls_version", lowest);
  const options = { servername: "app.agents.test", minVersion: version, maxVersion: version };
  expect(await shakeHands(front, { ...options, ciphers: "DEFAULT@SECLEVEL=0" })).toBe(outcome);
  if (outcome === noCertificate)
    expect(front.lines.at(-1)).toMatchObject({ reason: `${version} is older than the zone allows` });
  setSetting(front.world, "min_tls_version", "1.0");
});

test("a handshake for another zone's name is no way around the lowest version", async () => {
  const { ca, edge } = front;
  const statusBy = async (maxVersion: "TLSv1.2" | "TLSv1.3") => {
    const options = { servername: "any.sister.test", maxVersion, ca } as const;
    const socket = connect({ host: "127.0.0.1", port: edge.ports.https, ...options });
    socket.write("GET / HTTP/1.1\r\nHost: app.agents.test\r\n\r\n");
    const [answer] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    return String(answer).split(" ")[1];
  };
  setSetting(front.world, "min_tls_version", "1.3");
  expect(await statusBy("TLSv1.2")).toBe("403");
  expect(front.lines.at(-1)).toMatchObject({ by: "edge", reason: "TLSv1.2 is older than the zone of the host allows" });
  expect(await statusBy("TLSv1.3")).toBe("200");
  setSetting(front.world, "min_tls_version", "1.0");
});

test("the port of connectors shows its own certificate, speaks TLS 1.3 alone, and hands the connection over", async () => {
  const { ca, edge } = front;
  const heard = await new Promise<string>((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port: edge.ports.tunnel, ca, servername: "h2.cftunnel.com" });
    socket.once("error", reject);
    socket.once("data", (data) => {
      resolve(`${socket.getProtocol()} ${socket.alpnProtocol} ${data}`);
      socket.destroy();
    });
  });
  expect(heard).toBe("TLSv1.3 false connector\n");
  const old = await new Promise((resolve) => {
    const options = { servername: "h2.cftunnel.com", maxVersion: "TLSv1.2" } as const;
    const socket = connect({ host: "127.0.0.1", port: edge.ports.tunnel, ca, ...options });
    socket.once("secureConnect", () => resolve("connected"));
    socket.once("error", () => resolve("refused"));
  });
  expect(old).toBe("refused");
});
