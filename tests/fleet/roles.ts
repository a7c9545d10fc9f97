/** What a process of the fleet does. */
export type Role = "rests" | "leaks" | "writes files" | "sheds" | "restarts";
