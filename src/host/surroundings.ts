// Where the automatic start meets platform/.

export { surroundings } from "../../platform/surroundings.ts";
