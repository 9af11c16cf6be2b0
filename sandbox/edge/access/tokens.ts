import { createHash } from "node:crypto";
import { createLocalJWKSet, importJWK, type JSONWebKeySet, type JWTPayload, jwtVerify, SignJWT } from "jose";
import { signingKeys } from "../../clouds/cloudflare/access/keys";
import type { AccessKey, Account } from "../../clouds/cloudflare/model";
import type { CloudflareWorld } from "../../clouds/cloudflare/world";
import { organizationOfAccount } from "./applications";

/**
 * What Access signs: a token for one application, the team's session, and what a login page is told about the request
 * that was sent there.
 */
export type TokenType = "app" | "org" | "meta";

/** Claims of a token whose signature, issuer, audience and times were checked. */
export interface Claims {
  type: TokenType;
  /** Unix time in seconds, like the other times. */
  iat: number;
  exp: number;
  aud: string[];
  /** Id of the person; empty for a service token. */
  sub: string;
  email?: string;
  country?: string;
  /** Leads to the session with the person's whole identity. */
  identity_nonce?: string;
  policy_id?: string;
  /** Client id of a service token. */
  common_name?: string;
  /** Of type meta. */
  hostname?: string;
  redirect_url?: string;
  app_session_hash?: string;
}

/** Longest token that is looked at, in characters. */
const longest = 8192;
const algorithm = "RS256";

/** Signs and checks the tokens of one account. */
export class Tokens {
  constructor(
    private readonly world: CloudflareWorld,
    private readonly account: Account,
    private readonly now: () => number,
    private readonly save: () => Promise<void>,
  ) {}

  get issuer(): string {
    return `https://${organizationOfAccount(this.world, this.account).auth_domain}`;
  }

  /**
   * @param audience the application's tag, or the team's domain
   * @param lifetime in milliseconds
   */
  async sign(type: TokenType, audience: string, lifetime: number, claims: JWTPayload): Promise<string> {
    const [current] = await this.keys();
    const issued = Math.floor(this.now() / 1000);
    return new SignJWT({ type, aud: [audience], iss: this.issuer, ...claims })
      .setProtectedHeader({ alg: algorithm, kid: current!.kid, typ: "JWT" })
      .setIssuedAt(issued)
      .setNotBefore(issued)
      .setExpirationTime(issued + Math.max(1, Math.floor(lifetime / 1000)))
      .sign(await importJWK(current!.jwk, algorithm));
  }

  /**
   * The claims of a token of this account, or undefined when it is anything else.
   *
   * @param audience undefined when any application's token will do
   */
  async verify(token: string, type: TokenType, audience: string | undefined): Promise<Claims | undefined> {
    if (token.length > longest) return undefined;
    try {
      const { payload } = await jwtVerify(token, createLocalJWKSet(await this.keySet()), {
        algorithms: [algorithm],
        issuer: this.issuer,
        audience,
        requiredClaims: ["iat", "exp", "aud"],
        currentDate: new Date(this.now()),
      });
      return payload.type === type ? (payload as unknown as Claims) : undefined;
    } catch {
      return undefined;
    }
  }

  /**
   * What `/cdn-cgi/access/certs` shows, as documented:
   * https://developers.cloudflare.com/cloudflare-one/access-controls/applications/http-apps/authorization-cookie/validating-json/.
   */
  async certificates(): Promise<object> {
    const keys = await this.keys();
    const certificates = keys.map(({ kid, certificate }) => ({ kid, cert: certificate }));
    return { ...(await this.keySet()), public_cert: certificates[0], public_certs: certificates };
  }

  private async keys(): Promise<AccessKey[]> {
    const before = this.world.state.access_keys[this.account.id]?.pairs;
    const keys = await signingKeys(this.world, this.account.id, this.now());
    // Connectors keep the keys that they fetched: those must be the same after a restart.
    if (keys !== before) await this.save();
    return keys;
  }

  private async keySet(): Promise<JSONWebKeySet> {
    const keys = (await this.keys()).map(({ kid, jwk: { kty, n, e } }) => ({
      kid,
      kty: String(kty),
      alg: algorithm,
      use: "sig",
      n: String(n),
      e: String(e),
    }));
    return { keys };
  }
}

/** A person's id in an account, the same for an address as long as the account is: a UUID. */
export function personId(account: Account, email: string): string {
  const hex = createHash("sha256").update(`${account.id}/${email}`).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}
