/** The command line, parsed: switches, and text that each command checks. */
export interface Flags {
  json?: boolean | undefined;
  interval?: string | undefined;
  count?: string | undefined;
  usage?: string | undefined;
  output?: string | undefined;
  width?: string | undefined;
  height?: string | undefined;
  /** What plot draws. */
  file?: string | undefined;
}
