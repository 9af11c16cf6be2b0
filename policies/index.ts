import { PolicyPack } from "@pulumi/policy";
import { policies } from "./policies";

new PolicyPack("creel", { policies, enforcementLevel: "mandatory" });
