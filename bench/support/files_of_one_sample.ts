import { openSampler } from "../../mod.ts";
import { nodeFileIo } from "../../platform/file_io.ts";

/** What one sample reads, seen at the file port. */
export function filesOfOneSample(): string[] {
  const paths = new Map<number, string>();
  const read: string[] = [];
  const { open, read: readFile } = nodeFileIo;
  nodeFileIo.open = (path) => {
    const fd = open(path);
    paths.set(fd, path);
    return fd;
  };
  const sampler = openSampler();
  nodeFileIo.read = (fd, into) => {
    read.push(paths.get(fd)!);
    return readFile(fd, into);
  };
  sampler.sample();
  Object.assign(nodeFileIo, { open, read: readFile });
  sampler.close();
  return read;
}
