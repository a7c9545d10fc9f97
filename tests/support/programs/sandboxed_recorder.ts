// A recorder in Deno's sandbox: sandboxed_recorder.ts FILE.

import process from "node:process";
import { readRecord, recorder } from "../../../recorder.ts";

const file = process.argv[2]!;
try {
  const flight = recorder({ file, interval: false });
  flight.sample();
  flight.sample();
  console.log(flight.state);
  flight.stop();
  const { end, samples } = readRecord(file).latest;
  console.log(`${end.kind} ${samples.length}`);
} catch (error) {
  console.log(String(error));
}
