import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import type { Change } from "./diff";
import type { Fault, Props } from "./provider";
import { formatPath } from "./table";
import { toStruct } from "./wire";

const { Kind } = rpc.PropertyDiff;
const KINDS = { add: Kind.ADD, delete: Kind.DELETE, update: Kind.UPDATE } as const;
const REPLACING = { add: Kind.ADD_REPLACE, delete: Kind.DELETE_REPLACE, update: Kind.UPDATE_REPLACE } as const;

export function checkResponse(inputs: Props, faults: Fault[]): rpc.CheckResponse {
  const response = new rpc.CheckResponse();
  response.setInputs(toStruct(inputs));
  response.setFailuresList(
    faults.map((fault) => {
      const failure = new rpc.CheckFailure();
      failure.setProperty(fault.property);
      failure.setReason(fault.reason);
      return failure;
    }),
  );
  return response;
}

/** Changes as a detailed diff; paths are of inputs, because inputs are what was compared. */
export function diffResponse(changes: Change[], deleteBeforeReplace: boolean): rpc.DiffResponse {
  const response = new rpc.DiffResponse();
  const { DIFF_SOME, DIFF_NONE } = rpc.DiffResponse.DiffChanges;
  response.setChanges(changes.length > 0 ? DIFF_SOME : DIFF_NONE);
  response.setHasdetaileddiff(true);
  response.setDeletebeforereplace(deleteBeforeReplace);
  response.setDiffsList(topLevel(changes));
  response.setReplacesList(topLevel(changes.filter((change) => change.replace)));
  const details = response.getDetaileddiffMap();
  for (const change of changes) {
    const detail = new rpc.PropertyDiff();
    detail.setKind(change.replace ? REPLACING[change.kind] : KINDS[change.kind]);
    detail.setInputdiff(true);
    details.set(formatPath(change.path), detail);
  }
  return response;
}

function topLevel(changes: Change[]): string[] {
  return [...new Set(changes.map((change) => String(change.path[0])))];
}
