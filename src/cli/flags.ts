/** The command line, parsed: switches, and text that each command checks. */
export interface Flags {
  json?: boolean | undefined;
  pid?: string | undefined;
  root?: string | undefined;
  interval?: string | undefined;
  count?: string | undefined;
  usage?: string | undefined;
  output?: string | undefined;
  width?: string | undefined;
  height?: string | undefined;
  limit?: string | undefined;
  processes?: string | undefined;
  workers?: string | undefined;
  "worker-bytes"?: string | undefined;
  buffers?: string | undefined;
  reserve?: string | undefined;
  runtime?: string | undefined;
  shell?: boolean | undefined;
  print?: boolean | undefined;
  spawn?: boolean | undefined;
  /** Which run report is on. */
  run?: string | undefined;
  watchdog?: boolean | undefined;
  /** What exec starts. */
  command?: readonly string[] | undefined;
  /** What plot draws, or report reads. */
  file?: string | undefined;
}
