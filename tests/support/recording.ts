/** What `memctl watch --json` might have recorded: five snapshots, the third without headroom. */
export const RECORDED: string = [
  { at: 1_000, headroom: 300, processRss: 50, cgroupCurrent: 100, cgroupLimit: 400 },
  { at: 2_000, headroom: 200, processRss: 60, cgroupCurrent: 200, cgroupLimit: 400 },
  { at: 3_000, processRss: 70, cgroupCurrent: 300, cgroupLimit: 400 },
  { at: 4_000, headroom: 50, processRss: 80, cgroupCurrent: 350, cgroupLimit: 400 },
  { at: 5_000, headroom: 40, processRss: 80, cgroupCurrent: 360, cgroupLimit: 400 },
].map((line) => JSON.stringify(line)).join("\n") + "\n";
