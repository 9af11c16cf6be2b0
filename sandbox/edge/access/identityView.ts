import type { Account } from "../../clouds/cloudflare/model";
import { type AccessContext, liveSession } from "./context";
import { tokenById } from "./serviceCredentials";
import { type Claims, personId } from "./tokens";

/** A person's whole identity, of which tokens have only a part; undefined when the session has ended. */
export function identityView(context: AccessContext, account: Account, claims: Claims): object | undefined {
  const common = { account_id: account.id, auth_status: "NONE", is_warp: false, is_gateway: false, version: 2 };
  if (claims.sub === "") {
    const token = tokenById(context.world, account, claims.common_name ?? "");
    if (claims.common_name && !token) return undefined;
    return {
      ...common,
      common_name: claims.common_name ?? "",
      service_token_id: claims.common_name ?? "",
      service_token_status: token !== undefined,
      iat: claims.iat,
    };
  }
  const session = liveSession(context, account, claims.identity_nonce);
  if (!session) return undefined;
  const { email, identity_provider: idp, groups, claims: told, amr, ip, country } = session;
  return {
    ...common,
    email,
    idp,
    groups,
    amr,
    ...(Object.keys(told).length > 0 ? { [idp.type === "saml" ? "saml_attributes" : "oidc_fields"]: told } : {}),
    geo: { country },
    ip,
    user_uuid: personId(account, email),
    common_name: "",
    service_token_id: "",
    service_token_status: false,
    iat: Math.floor(Date.parse(session.created_at) / 1000),
  };
}
