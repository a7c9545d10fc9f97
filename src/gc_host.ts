// Where those who collect garbage meet platform/.

export { findRequestGc } from "../platform/early_gc.ts";
export { findForceGc } from "../platform/force_gc.ts";
