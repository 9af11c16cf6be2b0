import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { parseBody } from "../errors";
import type { AccessGroup } from "../model";
import type { CloudflareWorld } from "../world";
import { accessRefusal, conflict, invalidRequest, registerAccess } from "./common";
import { checkedRules, refersTo, rulesShape } from "./selectors";

const body = z.object({ name: z.string().min(1), is_default: z.boolean().nullish(), ...rulesShape });

/** Groups of an account, https://developers.cloudflare.com/cloudflare-one/account-limits/. */
const most = 300;

export function registerGroups(app: FastifyInstance, world: CloudflareWorld): void {
  const { state } = world;
  registerAccess(app, world, {
    collection: "access_groups",
    path: "groups",
    singular: "group",
    inZones: true,
    most,
    view: groupView,
    build: (given, owner, present) => {
      const { name, is_default, ...rules } = parseBody(body, given, accessRefusal);
      const checked = checkedRules(state, owner, rules);
      if (present && refersTo(checked, present.id)) throw invalidRequest("a group cannot contain itself");
      return { item: { name, is_default: is_default ?? false, ...checked } };
    },
    refuseRemoval: (group) => {
      const users = [...Object.values(state.access_policies), ...Object.values(state.access_groups)];
      if (users.some((user) => refersTo(user, group.id))) throw conflict("group is still in use");
    },
  });
}

function groupView({ owner: _, is_default, ...group }: AccessGroup) {
  // Shown as a list of rules by the API; absent unless the group is the account's default.
  return is_default ? { ...group, is_default } : group;
}
