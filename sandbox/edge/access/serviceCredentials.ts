import { z } from "zod";
import { isValidSecret } from "../../clouds/cloudflare/access/serviceTokens";
import type { Account, ServiceToken } from "../../clouds/cloudflare/model";
import { accountBehind, type CloudflareWorld } from "../../clouds/cloudflare/world";
import { headerOf } from "../headers";
import type { HeaderList } from "../request";

const idField = "cf-access-client-id";
const secretField = "cf-access-client-secret";
const inOneField = z.object({ [idField]: z.string(), [secretField]: z.string() });

/** What a request brings of a service token. */
export interface ServiceCredentials {
  /** Whether it brings anything of the kind. */
  given: boolean;
  /** The token, when it may be used now. */
  token: ServiceToken | undefined;
  /** Name of the field they came in, when it is the application's own. */
  field: string | undefined;
}

/**
 * Reads the two fields of a service token, or the one that the application names, which holds both as JSON:
 * https://developers.cloudflare.com/cloudflare-one/access-controls/service-credentials/service-tokens/.
 *
 * Credentials that are doubled, half or in both places are no credentials.
 *
 * @param ownField `read_service_tokens_from_header` of the application
 */
export function serviceCredentials(
  world: CloudflareWorld,
  account: Account,
  headers: HeaderList,
  ownField: string | undefined,
  now: number,
): ServiceCredentials {
  const field = ownField?.toLowerCase();
  const single = field === undefined ? undefined : pairIn(headerOf(headers, field));
  const values = (name: string) => headers.filter(([present]) => present === name).map(([, value]) => value);
  const [ids, secrets] = [values(idField), values(secretField)];
  const given = single !== undefined || ids.length > 0 || secrets.length > 0;
  const double = ids.length > 1 || secrets.length > 1 || (single !== undefined && ids.length + secrets.length > 0);
  const [id, secret] = single ?? [ids[0], secrets[0]];
  const token = double || id === undefined || secret === undefined ? undefined : tokenById(world, account, id);
  const valid = token !== undefined && isValidSecret(token, secret!, now);
  return { given, token: valid ? token : undefined, field: single && field };
}

function pairIn(text = ""): [string, string] | undefined {
  if (!text.trimStart().startsWith("{")) return undefined;
  try {
    const pair = inOneField.parse(JSON.parse(text));
    return [pair[idField]!, pair[secretField]!];
  } catch {
    return undefined;
  }
}

/** A token of the account by its client id, whether it may be used or not. */
export function tokenById(world: CloudflareWorld, account: Account, clientId: string): ServiceToken | undefined {
  return Object.values(world.state.access_service_tokens).find(
    ({ client_id, owner }) => client_id === clientId && accountBehind(world, owner)?.id === account.id,
  );
}

/** Whether a token that was checked before may still be used. */
export function isLive(token: ServiceToken, now: number): boolean {
  return token.enabled && (token.expires_at === null || Date.parse(token.expires_at) > now);
}
