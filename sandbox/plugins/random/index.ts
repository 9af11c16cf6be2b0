import facts from "../facts/random.json";
import type { Facts } from "../framework/facts";
import type { ProviderDefinition } from "../framework/provider";
import { bytes, id, uuid } from "./bytes";
import { password, string } from "./password";

/** Pulumi's random provider, for machines where the official plugin cannot be had. */
export const provider: ProviderDefinition<unknown> = {
  name: "random",
  facts: facts as Facts,
  resources: {
    "random:index/randomBytes:RandomBytes": bytes,
    "random:index/randomId:RandomId": id,
    "random:index/randomPassword:RandomPassword": password,
    "random:index/randomString:RandomString": string,
    "random:index/randomUuid:RandomUuid": uuid,
  },
  configure: async () => ({}),
};
