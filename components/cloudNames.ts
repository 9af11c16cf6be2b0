import * as pulumi from "@pulumi/pulumi";

/**
 * Name of something in a cloud account that other stacks share: project, stack and own name, so that two environments
 * with the same agents do not meet.
 */
export function cloudName(name: string): string {
  return `${pulumi.getProject()}-${pulumi.getStack()}-${name}`;
}
