/** What a process of the fleet does. */
export type Role = "rests" | "leaks" | "writes files" | "sheds" | "restarts";

/** What a process of the fleet is told on its command line, as JSON. */
export interface Orders {
  role: Role;
  /** An address of loopback. */
  host: string;
  port: number;
  /** A file to write, for the role that fills the page cache. */
  file: string;
  /** How many times faster than deployed the rules run. */
  pace: number;
}

/** Bytes that each process may use. */
export const LIMIT: number = 256 * 1024 * 1024;
