import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { connect, createServer } from "node:tls";
import { beforeAll, describe, expect, it } from "vitest";
import { certificateAuthority, serverCertificate } from "../../sandbox/certificates";

const host = "registry.creel.test";

describe("certificates", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "creel-ca-"));
  });

  it("are trusted for their name, and for no other", async () => {
    const ca = await readFile((await certificateAuthority(folder)).certificate);
    const leaf = await serverCertificate(folder, "registry", [host]);
    const server = createServer({ cert: await readFile(leaf.certificate), key: await readFile(leaf.key) }, (socket) =>
      socket.end(),
    );
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as { port: number };
    const attempt = (servername: string, trusted?: Buffer) =>
      new Promise<string>((done) => {
        const socket = connect({ host: "127.0.0.1", port, servername, ca: trusted }, () => done("trusted"));
        socket.on("error", (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
        socket.on("secureConnect", () => socket.destroy());
      });
    expect(await attempt(host, ca)).toBe("trusted");
    expect(await attempt("other.creel.test", ca)).toBe("ERR_TLS_CERT_ALTNAME_INVALID");
    expect(await attempt(host)).not.toBe("trusted");
    server.close();
  });

  it("are kept, with keys that only their owner can read", async () => {
    const ca = await certificateAuthority(folder);
    const leaf = await serverCertificate(folder, "registry", [host]);
    const before = await Promise.all([ca.certificate, leaf.certificate].map((file) => readFile(file, "utf8")));
    await certificateAuthority(folder);
    await serverCertificate(folder, "registry", [host]);
    expect(await Promise.all([ca.certificate, leaf.certificate].map((file) => readFile(file, "utf8")))).toEqual(before);
    for (const key of [ca.key, leaf.key]) expect((await stat(key)).mode & 0o777).toBe(0o600);
    expect((await stat(ca.certificate)).mode & 0o777).toBe(0o644);
  });

  it("are made anew for other names and by another authority", async () => {
    const leaf = await serverCertificate(folder, "registry", [host, "also.creel.test"]);
    const names = new X509Certificate(await readFile(leaf.certificate)).subjectAltName;
    expect(names).toBe(`DNS:${host}, DNS:also.creel.test`);
    const other = await mkdtemp(path.join(tmpdir(), "creel-ca-"));
    const authority = new X509Certificate(await readFile((await certificateAuthority(other)).certificate));
    expect(new X509Certificate(await readFile(leaf.certificate)).verify(authority.publicKey)).toBe(false);
    expect(authority.ca).toBe(true);
  });
});
