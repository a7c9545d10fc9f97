// Where the command line meets platform/.

export { runtimeVersion } from "../../platform/runtime_version.ts";
export { exitWith, openTerminal, programArguments } from "../../platform/terminal.ts";
