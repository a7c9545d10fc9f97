// /proc/self/auxv: what the kernel told this process at its start.

const AT_NULL = 0n;
const AT_PAGESZ = 6n;

/**
 * The page size in bytes, or `undefined`. Entries are pairs of machine words,
 * 8 bytes each on 64-bit systems and 4 on others.
 */
export function parseAuxvPageSize(data: Uint8Array): number | undefined {
  return pageSize(data, 8) ?? pageSize(data, 4);
}

function pageSize(data: Uint8Array, word: 4 | 8): number | undefined {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const read = (at: number) =>
    word === 8 ? view.getBigUint64(at, LITTLE) : BigInt(view.getUint32(at, LITTLE));
  for (let at = 0; at + 2 * word <= data.length; at += 2 * word) {
    const type = read(at);
    if (type === AT_NULL) return undefined;
    if (type === AT_PAGESZ) return plausible(Number(read(at + word)));
  }
  return undefined;
}

/** Linux has pages from 4 KiB to 256 KiB, powers of two. */
function plausible(size: number): number | undefined {
  return size >= 4096 && size <= 262_144 && Number.isInteger(Math.log2(size)) ? size : undefined;
}

const LITTLE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
