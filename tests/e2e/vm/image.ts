// Builds what the test machine boots: a kernel out of Debian's package, and an
// initial file system of busybox, the three runtimes and this project.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import type { Runtime } from "../../support/runtimes.ts";

/** Outside the tree, kept from run to run. */
const cache = path.join(
  process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), ".cache"),
  "memctl-test-machine",
);

/** Programs of Debian that it needs, and the packages that have them. */
const PROGRAMS = {
  "qemu-system-x86_64": "qemu-system-x86",
  busybox: "busybox-static",
  cpio: "cpio",
  unshare: "util-linux",
};

/** What is missing on this machine, as an apt-get command. */
export function missingPackages(): string | undefined {
  const missing = Object.entries(PROGRAMS)
    .filter(([program]) => spawnSync("which", [program]).status !== 0)
    .map(([, name]) => name);
  return missing.length === 0
    ? undefined
    : `apt-get install --yes --no-install-recommends ${missing.join(" ")}`;
}

/** The kernel's path; downloaded once. */
export function kernel(): string {
  const folder = path.join(cache, "kernel");
  const boot = path.join(folder, "boot");
  if (!fs.existsSync(boot)) {
    // Anew, whatever an interrupted download left.
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(folder, { recursive: true });
    must("apt-get", ["update", "--quiet=2"]);
    const depends = must("apt-cache", ["depends", "linux-image-cloud-amd64"]);
    const name = /Depends: (linux-image-\S+)/.exec(depends)?.[1];
    if (name === undefined) throw new Error(`no kernel package in: ${depends}`);
    must("apt-get", ["download", name], { cwd: folder });
    const file = fs.readdirSync(folder).find((file) => file.endsWith(".deb"))!;
    must("dpkg", ["-x", file, "."], { cwd: folder });
  }
  const image = fs.readdirSync(boot).find((file) => file.startsWith("vmlinuz"));
  if (image === undefined) throw new Error(`no kernel in ${boot}`);
  return path.join(boot, image);
}

/** The initial file system: the runtimes' part is kept, the project's is new. */
export function initrd(runtimes: Runtime[], root: string): string {
  const programs: Record<string, string> = {
    "bin/busybox": which("busybox"),
    "opt/unshare": which("unshare"),
  };
  for (const { name, command } of runtimes) programs[`opt/${name}`] = programFile(command[0]!);
  const sizes = Object.values(programs).map((file) => `${file} ${fs.statSync(file).size}`);
  const hash = createHash("sha256").update(sizes.join("\n")).digest("hex").slice(0, 16);
  const base = path.join(cache, `base-${hash}.cpio`);
  if (!fs.existsSync(base)) {
    fs.mkdirSync(cache, { recursive: true });
    for (const old of fs.readdirSync(cache)) {
      if (old.startsWith("base-")) fs.rmSync(path.join(cache, old));
    }
    pack(base, (folder) => copyPrograms(programs, folder));
  }
  const image = path.join(cache, "image.cpio");
  // The kernel unpacks archives one after another.
  fs.copyFileSync(base, image);
  pack(image, (folder) => copyProject(root, folder), "a");
  return image;
}

function copyPrograms(programs: Record<string, string>, folder: string): void {
  for (const name of ["bin", "dev", "proc", "sys", "tmp", "root", "work", "opt"]) {
    fs.mkdirSync(path.join(folder, name));
  }
  for (const [name, file] of Object.entries(programs)) {
    fs.copyFileSync(file, path.join(folder, name));
    fs.chmodSync(path.join(folder, name), 0o755);
    const { stdout } = spawnSync("ldd", [file], { encoding: "utf8" });
    for (const library of stdout.match(/\/\S+\.so\S*/g) ?? []) {
      const target = path.join(folder, library);
      fs.mkdirSync(path.dirname(target), { recursive: true });
      fs.copyFileSync(fs.realpathSync(library), target);
      fs.chmodSync(target, 0o755);
    }
  }
}

function copyProject(root: string, folder: string): void {
  fs.copyFileSync(path.join(root, "tests/e2e/vm/init"), path.join(folder, "init"));
  fs.chmodSync(path.join(folder, "init"), 0o755);
  const work = path.join(folder, "work");
  fs.mkdirSync(work);
  for (const name of ["mod.ts", "watchdog.ts", "src", "platform", "tests"]) {
    fs.cpSync(path.join(root, name), path.join(work, name), { recursive: true });
  }
  fs.writeFileSync(path.join(work, "package.json"), '{ "type": "module" }\n');
}

/** Archives a folder that `fill` fills, in the form that the kernel unpacks. */
function pack(file: string, fill: (folder: string) => void, flags: "w" | "a" = "w"): void {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "memctl-image-"));
  try {
    fill(folder);
    const redirect = flags === "a" ? ">>" : ">";
    must("sh", ["-c", `find . | cpio --create --format=newc --quiet ${redirect} '${file}'`], {
      cwd: folder,
    });
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** The file of a program that is named by a path, or is on PATH. */
export function programFile(program: string): string {
  return fs.realpathSync(program.includes(path.sep) ? program : which(program));
}

function which(program: string): string {
  return must("which", [program]).trim();
}

function must(file: string, args: string[], options: { cwd?: string } = {}): string {
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: "utf8", ...options });
  if (status !== 0) throw new Error(`${file} ${args.join(" ")}: ${stderr}`);
  return stdout;
}
