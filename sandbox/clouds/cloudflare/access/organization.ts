import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { success, timestamp, withoutNull } from "../envelope";
import { parseBody } from "../errors";
import type { Owner } from "../model";
import { accountBehind, authDomain, type CloudflareWorld, ownerOf } from "../world";
import { accessRefusal, conflict, duration, invalidRequest } from "./common";
import { registerKeys } from "./keys";
import { endSessions } from "./sessions";

const authenticator = z.enum(["totp", "biometrics", "security_key", "ssh_piv_key", "piv_key", "ssh_fido2_key"]);

const body = z.object({
  name: z.string().min(1).nullish(),
  auth_domain: z
    .string()
    .regex(/^[a-z0-9-]+\.cloudflareaccess\.com$/, "must be below cloudflareaccess.com")
    .nullish(),
  session_duration: duration.nullish(),
  user_seat_expiration_inactive_time: duration.nullish(),
  warp_auth_session_duration: duration.nullish(),
  allow_authenticate_via_warp: z.boolean().nullish(),
  auto_redirect_to_identity: z.boolean().nullish(),
  is_ui_read_only: z.boolean().nullish(),
  ui_read_only_toggle_reason: z.string().nullish(),
  deny_unmatched_requests: z.boolean().nullish(),
  deny_unmatched_requests_exempted_zone_names: z.array(z.string()).nullish(),
  strict_service_token_auth: z.boolean().nullish(),
  warp_auth_non_browser_401: z.boolean().nullish(),
  service_token_inactivity: z.record(z.string(), z.unknown()).nullish(),
  login_design: z.record(z.string(), z.unknown()).nullish(),
  custom_pages: z.record(z.string(), z.unknown()).nullish(),
  mfa_required_for_all_apps: z.boolean().nullish(),
  mfa_configuration_allowed: z.boolean().nullish(),
  mfa_config: z
    .object({
      allowed_authenticators: z.array(authenticator).nullish(),
      session_duration: duration.nullish(),
      amr_matching_session_duration: duration.nullish(),
      required_aaguids: z.string().nullish(),
    })
    .nullish(),
  mfa_ssh_piv_key_requirements: z.record(z.string(), z.unknown()).nullish(),
  mfa_piv_key_requirements: z.record(z.string(), z.unknown()).nullish(),
});

/** The one organisation of an account: it exists from the start and is never deleted. With its signing keys. */
export function registerOrganization(app: FastifyInstance, world: CloudflareWorld): void {
  const change = (request: FastifyRequest) => {
    const owner = ownerOf(world, request);
    const given = parseBody(body, request.body, accessRefusal);
    // What is not mentioned stays; what is given as null goes back to its default.
    const wanted = withoutNull({ ...world.state.organizations[owner], ...given }) as z.output<typeof body>;
    const foreign = wanted.deny_unmatched_requests_exempted_zone_names?.find(
      (name) => !world.zones.some((zone) => zone.name === name),
    );
    if (foreign) throw invalidRequest(`deny_unmatched_requests_exempted_zone_names: ${foreign} is not a zone`);
    if (wanted.mfa_required_for_all_apps && !wanted.mfa_config?.allowed_authenticators?.length) {
      throw invalidRequest("mfa_required_for_all_apps requires mfa_config.allowed_authenticators");
    }
    world.state.organizations[owner] = { ...wanted, updated_at: timestamp() };
    return success(organizationOf(world, owner));
  };
  for (const base of ["/accounts/:account/access/organizations", "/zones/:zone/access/organizations"]) {
    app.get(base, async (request) => success(organizationOf(world, ownerOf(world, request))));
    app.put(base, async (request) => change(request));
    app.post(base, async () => {
      throw conflict("organization already exists");
    });
    app.post(`${base}/revoke_user`, async (request) => {
      const account = accountBehind(world, ownerOf(world, request));
      const { email } = parseBody(z.object({ email: z.email() }), request.body, accessRefusal);
      endSessions(world.state, account.id, email);
      return success(true);
    });
  }
  registerKeys(app, world);
}

/** The organisation as it is shown, with what was never set at its default. */
export function organizationOf(world: CloudflareWorld, owner: Owner): Record<string, unknown> {
  const account = accountBehind(world, owner);
  return {
    name: account.name,
    auth_domain: authDomain(account),
    session_duration: "24h",
    login_design: {},
    custom_pages: {},
    is_ui_read_only: false,
    auto_redirect_to_identity: false,
    allow_authenticate_via_warp: false,
    deny_unmatched_requests: false,
    mfa_configuration_allowed: true,
    mfa_required_for_all_apps: false,
    created_at: "2026-01-01T00:00:00Z",
    updated_at: "2026-01-01T00:00:00Z",
    ...world.state.organizations[owner],
  };
}
