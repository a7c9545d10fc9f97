// The test machine: a throwaway Linux with cgroup v2 under QEMU. Software
// emulation, so it needs no virtualisation; x86-64 and Debian's packages.

import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { findRuntimes } from "../../support/runtimes.ts";
import { initrd, kernel, missingPackages } from "./image.ts";

const TIMEOUT = 20 * 60_000;
/** Milliseconds until the kernel has started `init`. It takes about ten seconds. */
const BOOT_TIMEOUT = 120_000;
/** A kernel that calibrates its clock while the host is busy may hang for ever. */
const BOOTS = 3;

/** Makes the image that the machine boots; ends the process where that is impossible. */
export function prepareMachine(): string {
  const missing = missingPackages();
  if (missing !== undefined) {
    console.error(`the test machine needs programs that are not here: ${missing}`);
    process.exit(1);
  }
  const runtimes = findRuntimes();
  if (runtimes.length < 3) {
    console.error(
      `the test machine needs deno, bun and node: here are ${runtimes.map((r) => r.name)}`,
    );
    process.exit(1);
  }
  return initrd(runtimes, fileURLToPath(new URL("../../..", import.meta.url)));
}

/**
 * Boots the machine and lets it run to its end. Boots it again if its kernel hangs.
 *
 * @returns What it printed, and the signal that ended it, if one did.
 */
export async function runMachine(
  image: string,
): Promise<{ output: string; signal: string | null }> {
  for (let boots = 1;; boots++) {
    const result = await boot(image);
    if (result.isUp || boots === BOOTS) return result;
    console.log(`the kernel of the test machine did not start within ${BOOT_TIMEOUT / 1_000} s`);
  }
}

async function boot(
  image: string,
): Promise<{ output: string; signal: string | null; isUp: boolean }> {
  const machine = spawn("qemu-system-x86_64", [
    ..."-M microvm,pit=on,pic=on,rtc=on,isa-serial=on -cpu max -m 4G -smp 2".split(" "),
    // One host thread for both processors: with two, Node died of a memory fault
    // in about one start of fifty, before it printed anything.
    ..."-accel tcg,thread=single".split(" "),
    ..."-nographic -no-reboot -nodefaults -serial stdio".split(" "),
    "-kernel",
    kernel(),
    "-initrd",
    image,
    "-append",
    "console=ttyS0 quiet panic=-1 psi=1",
  ], { stdio: ["ignore", "pipe", "inherit"] });
  const kill = () => machine.kill("SIGKILL");
  process.on("exit", kill);
  let output = "";
  let isUp = false;
  machine.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    isUp ||= output.includes("MACHINE ");
  });
  const timers = [
    setTimeout(() => isUp || kill(), BOOT_TIMEOUT),
    setTimeout(kill, TIMEOUT),
  ];
  const [, signal] = await once(machine, "close");
  timers.forEach(clearTimeout);
  process.off("exit", kill);
  return { output: output.replaceAll("\r", ""), signal, isUp };
}
