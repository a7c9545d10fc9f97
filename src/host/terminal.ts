// Where the command line meets platform/.

export {
  exitWith,
  openTerminal,
  programArguments,
  runtimeVersion,
} from "../../platform/terminal.ts";
