import type { Control } from "../control";
import { files } from "./files";
import { image } from "./image";
import { limits } from "./limits";
import { namespaces } from "./namespaces";
import { network } from "./network";
import { privileges } from "./privileges";
import { runs } from "./runs";
import type { CagedContainer } from "./subject";
import { user } from "./user";

/** What must be so of every agent's and connector's container. */
export const containerControls: Control<CagedContainer>[] = [
  runs,
  image,
  user,
  privileges,
  namespaces,
  files,
  network,
  limits,
];
