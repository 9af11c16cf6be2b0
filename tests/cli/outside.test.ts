import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lookOutside } from "../../cli/verify/outside";
import { certificateAuthority, serverCertificate } from "../../sandbox/certificates";

let folder: string;
let server: Server;
let authorities: string;
let port: number;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "creel-outside-"));
  const authority = await certificateAuthority(folder);
  const { certificate, key } = await serverCertificate(folder, "web", ["localhost"]);
  authorities = await readFile(authority.certificate, "utf8");
  server = createServer({ cert: await readFile(certificate), key: await readFile(key) }, (_, answer) => {
    answer.writeHead(302, { location: "https://team.cloudflareaccess.com/" }).end("x".repeat(100_000));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await rm(folder, { recursive: true, force: true });
});

describe("looking from outside", () => {
  it("tells what an address answers to somebody without a login", async () => {
    const seen = await lookOutside({ authorities }).visit(new URL(`https://localhost:${port}/`));
    expect(seen).toMatchObject({ status: 302, location: "https://team.cloudflareaccess.com/", protocol: "TLSv1.3" });
    expect(Date.parse(seen.certificateEnds)).toBeGreaterThan(Date.now());
  });

  it("refuses a certificate that nobody vouches for", async () => {
    await expect(lookOutside({}).visit(new URL(`https://localhost:${port}/`))).rejects.toMatchObject({
      code: expect.stringMatching(/SELF_SIGNED|UNABLE_TO/),
    });
  });

  it("tells open ports from closed ones", async () => {
    expect(await lookOutside({}).openPorts("127.0.0.1", [port, 1])).toEqual([port]);
  });
});
