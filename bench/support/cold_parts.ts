/** The parts of a sample: reading the clock twice, the reads, the heap's figures, our code. */
export const PARTS = ["clock", "reads", "engine", "code", "sample"] as const;
/** One of the parts, or all of them. */
export type Part = typeof PARTS[number];
