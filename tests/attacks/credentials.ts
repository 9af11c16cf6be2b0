import { readFile } from "node:fs/promises";
import path from "node:path";
import { decodeJwt, generateKeyPair, importJWK, type JWK, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { logIn } from "../../cli/accessLogin";
import { EdgeClient } from "../../cli/edgeClient";
import { EdgeSession } from "../../cli/edgeSession";
import { sandboxFiles } from "../../sandbox/paths";
import type { World } from "../../sandbox/world";

/** A person who has logged in on a hostname. */
interface LoggedIn {
  /** The token of Access, as its cookie has it. */
  jwt: string;
  /** Value of the cookie header of that person's browser. */
  cookies: string;
}

/** What attackers may have got hold of, and what they made themselves. */
export interface Credentials {
  ana: LoggedIn;
  ben: LoggedIn;
  /** Ana's token with one thing changed. All but the last two have a right signature. */
  jwt: Record<"expired" | "wrongAudience" | "wrongTeam" | "strangerKey" | "unsigned", string>;
  githubSecret: string;
  slackSecret: string;
}

/** Logs two people in on their own agents and forges tokens from the first one's. */
export async function collectCredentials(
  world: World,
  people: { ana: string; ben: string },
  secrets: { githubSecret: string; slackSecret: string },
): Promise<Credentials> {
  const ana = await loggedIn(world, people.ana, "ana@example.com");
  const ben = await loggedIn(world, people.ben, "ben@example.com");
  return { ana, ben, jwt: await forgeries(world, ana.jwt), ...secrets };
}

async function loggedIn(world: World, host: string, email: string): Promise<LoggedIn> {
  const session = new EdgeSession(await EdgeClient.of(world));
  const page = await logIn(session, world, `https://${host}/`, email);
  if (page.status !== 200) throw new Error(`${email} is not let in at ${host}: ${page.status}`);
  const cookies = ["CF_Authorization", "CF_Binding"].flatMap((name) => {
    const value = session.cookie(host, name);
    return value === undefined ? [] : [`${name}=${value}`];
  });
  return { jwt: session.cookie(host, "CF_Authorization")!, cookies: cookies.join("; ") };
}

/** Signs with the team's own key where that is what makes the forgery a hard one. */
async function forgeries(world: World, jwt: string): Promise<Credentials["jwt"]> {
  const claims = decodeJwt(jwt);
  const { kid, jwk } = await signingKey(world);
  const sign = async (changes: JWTPayload, key?: Parameters<SignJWT["sign"]>[0]) =>
    new SignJWT({ ...claims, ...changes })
      .setProtectedHeader({ alg: "RS256", kid, typ: "JWT" })
      .sign(key ?? (await importJWK(jwk, "RS256")));
  const past = Math.floor(Date.now() / 1000) - 7200;
  const stranger = await generateKeyPair("RS256");
  return {
    expired: await sign({ iat: past, nbf: past, exp: past + 3600 }),
    wrongAudience: await sign({ aud: ["f".repeat(64)] }),
    wrongTeam: await sign({ iss: "https://evil.cloudflareaccess.com" }),
    strangerKey: await sign({}, stranger.privateKey),
    unsigned: new UnsecuredJWT(claims).encode(),
  };
}

/** The key with which the emulated Cloudflare signs at present. */
async function signingKey(world: World): Promise<{ kid: string; jwk: JWK }> {
  const state = JSON.parse(await readFile(path.join(sandboxFiles().clouds.state, "cloudflare.json"), "utf8")) as {
    access_keys: Record<string, { pairs: { kid: string; jwk: JWK }[] }>;
  };
  return state.access_keys[world.cloudflare.accountId]!.pairs[0]!;
}
