// Where starting a command meets platform/.

export { openLauncher } from "../../platform/launcher.ts";
