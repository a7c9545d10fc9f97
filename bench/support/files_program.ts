// Prints the files of one sample as JSON.

import { filesOfOneSample } from "./files_of_one_sample.ts";

console.log(JSON.stringify(filesOfOneSample()));
