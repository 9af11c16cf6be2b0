import type { ResourceValidationArgs, ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import * as proxy from "@pulumi/policy/proxy";
import type { StackResource } from "../../policies/dns";
import { policies } from "../../policies/policies";
import { type Properties, tokens } from "./examples";

/** What the SDK puts around properties: reading a value that is not known throws. Its declaration leaves it out. */
const { unknownCheckingProxy } = proxy as unknown as { unknownCheckingProxy(props: Properties): Properties };

/** A value that is not known at preview, as the engine writes it. */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** What the whole pack reports on one resource, as "policy: fault". */
export function judge(kind: keyof typeof tokens, props: Properties): string[] {
  const args = { type: tokens[kind], props: unknownCheckingProxy(props) } as unknown as ResourceValidationArgs;
  const found: string[] = [];
  for (const { name, validateResource } of policies as ResourceValidationPolicy[]) {
    if (typeof validateResource === "function") validateResource(args, (fault) => found.push(`${name}: ${fault}`));
  }
  return found;
}

/** What the pack reports on a stack as a whole, as "policy: name of the resource". */
export function judgeStack(resources: StackResource[]): string[] {
  const found: string[] = [];
  for (const { name, validateStack } of policies as StackValidationPolicy[]) {
    validateStack?.({ resources } as never, (_, urn) => found.push(`${name}: ${urn}`));
  }
  return found;
}

/** A resource of a stack, called by its urn. */
export function resource(
  kind: keyof typeof tokens,
  urn: string,
  props: Properties,
  dependencies: StackResource[] = [],
  propertyDependencies: Record<string, StackResource[]> = {},
): StackResource {
  return { type: tokens[kind], urn, name: urn, props: unknownCheckingProxy(props), dependencies, propertyDependencies };
}
