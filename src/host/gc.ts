// Where garbage collection meets platform/.

export { findRequestGc } from "../../platform/early_gc.ts";
export { findForceGc } from "../../platform/force_gc.ts";
