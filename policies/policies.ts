import type { Policies } from "@pulumi/policy";
import { accessPolicies } from "./access";
import { containerPolicies } from "./containers";
import { dnsPolicies } from "./dns";
import { firewallPolicies } from "./firewalls";
import { secretPolicies } from "./secrets";
import { tunnelPolicies } from "./tunnels";

/** Every policy of the pack. Taking them from here starts nothing, so that a pack of your own can hold some of them. */
export const policies: Policies = [
  ...containerPolicies,
  ...firewallPolicies,
  ...accessPolicies,
  ...tunnelPolicies,
  ...dnsPolicies,
  ...secretPolicies,
];
