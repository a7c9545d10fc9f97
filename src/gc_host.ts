// Where those who collect garbage meet platform/.

export { findForceGc } from "../platform/force_gc.ts";
