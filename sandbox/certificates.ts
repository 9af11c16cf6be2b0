import "reflect-metadata";
import { createPrivateKey, X509Certificate as NodeCertificate, webcrypto } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { replaceFile } from "./files";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const day = 24 * 60 * 60 * 1000;

/** A certificate and its private key. */
interface Issued {
  certificate: X509Certificate;
  keys: webcrypto.CryptoKeyPair;
}

/** Paths of a certificate and its key, both PEM; the key is readable by its owner only. */
export interface CertificateFiles {
  certificate: string;
  key: string;
}

/**
 * The sandbox's certificate authority, which the sandbox's servers trust. Made once and kept for ten years.
 *
 * @param folder where it is kept
 */
export async function certificateAuthority(folder: string): Promise<CertificateFiles> {
  const files = { certificate: path.join(folder, "ca.crt"), key: path.join(folder, "ca.key") };
  if (!(await load(files))) {
    const keys = await generateKeys();
    const certificate = await X509CertificateGenerator.createSelfSigned({
      name: "CN=Creel sandbox CA",
      notBefore: new Date(Date.now() - day),
      notAfter: new Date(Date.now() + 3650 * day),
      signingAlgorithm: algorithm,
      keys: keys as never,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey as never),
      ],
    });
    await save(files, { certificate, keys });
  }
  return files;
}

/**
 * A server certificate by the sandbox's authority. Made anew when it names other hosts, is another authority's, or ends
 * within a month.
 *
 * @param name of the files, without suffix
 * @param hosts DNS names it is for
 */
export async function serverCertificate(folder: string, name: string, hosts: string[]): Promise<CertificateFiles> {
  const authority = (await load(await certificateAuthority(folder)))!;
  const files = { certificate: path.join(folder, `${name}.pem`), key: path.join(folder, `${name}.key`) };
  const present = await load(files);
  if (present && (await stillGood(present.certificate, authority.certificate, hosts))) return files;
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.create({
    subject: `CN=${hosts[0]}`,
    issuer: authority.certificate.subject,
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + 397 * day), // the longest that browsers accept
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey as never,
    signingKey: authority.keys.privateKey as never,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(hosts.map((value) => ({ type: "dns", value }))),
      await AuthorityKeyIdentifierExtension.create(authority.keys.publicKey as never),
    ],
  });
  await save(files, { certificate, keys });
  return files;
}

async function stillGood(certificate: X509Certificate, authority: X509Certificate, hosts: string[]): Promise<boolean> {
  const names = certificate.getExtension(SubjectAlternativeNameExtension)?.names.items.map((name) => name.value) ?? [];
  return (
    certificate.notAfter.getTime() > Date.now() + 30 * day &&
    names.join() === hosts.join() &&
    (await certificate.verify({ publicKey: await authority.publicKey.export(), signatureOnly: true }))
  );
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]) as Promise<webcrypto.CryptoKeyPair>;
}

/** Both files, or undefined when either is missing or they do not belong together. */
async function load(files: CertificateFiles): Promise<Issued | undefined> {
  const [pem, key] = await Promise.all(
    [files.certificate, files.key].map((file) => readFile(file, "utf8").catch(() => undefined)),
  );
  if (pem === undefined || key === undefined) return undefined;
  if (!new NodeCertificate(pem).checkPrivateKey(createPrivateKey(key))) return undefined;
  const certificate = new X509Certificate(pem);
  const privateKey = await webcrypto.subtle.importKey("pkcs8", PemConverter.decode(key)[0]!, algorithm, true, ["sign"]);
  return { certificate, keys: { privateKey, publicKey: (await certificate.publicKey.export()) as never } };
}

async function save(files: CertificateFiles, { certificate, keys }: Issued): Promise<void> {
  await mkdir(path.dirname(files.key), { recursive: true, mode: 0o700 });
  const key = PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
  await replaceFile(files.key, `${key}\n`);
  await replaceFile(files.certificate, `${certificate.toString("pem")}\n`, 0o644);
}
