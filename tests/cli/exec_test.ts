// A command that `memctl exec` starts: what must reach it, and what must come
// back, in this process's place and as a child.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { ownRuntime } from "../support/own_runtime.ts";
import { withTempFolder } from "../support/temp.ts";

const cli = fileURLToPath(new URL("../../cli.ts", import.meta.url));
const [program, ...options] = ownRuntime;
const isLinux = process.platform === "linux";
const skip = process.platform === "win32";

/** The arguments that start a command with a plan for 512 MiB. */
const execArgs = (
  flags: string[],
  command: string[],
) => [...options, cli, "exec", "--limit", "512M", ...flags, "--", ...command];

interface Given {
  flags?: string[];
  env?: Record<string, string>;
}

function exec(command: string[], { flags = [], env = {} }: Given = {}) {
  return spawnSync(program!, execArgs(flags, command), {
    encoding: "utf8",
    input: "",
    env: { ...process.env, ...env },
    timeout: 60_000,
  });
}

/** Runs a line of a shell in which "$@" is the command line of exec and a command. */
function inShell(line: string, flags: string[], command: string[], env = {}) {
  return spawnSync("sh", ["-c", line, "sh", program!, ...execArgs(flags, command)], {
    encoding: "utf8",
    env: { ...process.env, ...env },
    timeout: 60_000,
  });
}

for (const [name, flags] of [["in place", []], ["as a child", ["--spawn"]]] as const) {
  describe(`a command that exec starts ${name}`, { skip }, () => {
    const given = { flags: [...flags] };

    for (const code of [0, 1, 7, 255]) {
      it(`passes on exit code ${code}`, () => {
        const { status, stderr } = exec(["sh", "-c", `exit ${code}`], given);
        assert.deepEqual([status, stderr], [code, ""]);
      });
    }

    it("passes its arguments, its output and its errors", () => {
      const words = ["a b", "", "--help", "$HOME", "ü", "--"];
      const command = ["sh", "-c", 'printf "%s\\n" "$0" "$@"; echo error >&2', ...words];
      const { stdout, stderr } = exec(command, given);
      assert.deepEqual([stdout, stderr], [`${words.join("\n")}\n`, "error\n"]);
    });

    it("reads standard input to its end, byte for byte", () =>
      withTempFolder((folder) => {
        const env = { FILE: path.join(folder, "input") };
        fs.writeFileSync(env.FILE, randomBytes(1 << 20));
        const line = 'cat "$FILE" | "$@" | cmp - "$FILE"';
        const { stdout, stderr, status } = inShell(line, [...flags], ["cat"], env);
        assert.deepEqual([stdout, stderr, status], ["", "", 0]);
      }));

    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2"] as const) {
      it(`gets ${signal}`, async () => {
        // A shell runs a trap between two commands, so that none is missed.
        const script = `trap 'echo got; exit 3' ${signal.slice(3)}; echo ready; ` +
          "while :; do sleep 0.1; done";
        const child = await ready(execArgs([...flags], ["sh", "-c", script]));
        process.kill(child.pid, signal);
        assert.deepEqual(await child.ended, { code: 3, signal: null });
        assert.equal(child.output(), "ready\ngot\n");
      });
    }

    it("ends by the signal that ends it", async () => {
      for (const signal of ["SIGTERM", "SIGKILL"] as const) {
        const script = `echo ready; kill -${signal.slice(3)} $$`;
        const child = await ready(execArgs([...flags], ["sh", "-c", script]));
        const end = await child.ended;
        // Deno lets go of a signal some time after it was told to.
        const number = os.constants.signals[signal];
        if (flags.length > 0 && end.signal === null) assert.equal(end.code, 128 + number);
        else assert.deepEqual(end, { code: null, signal });
      }
    });

    it("has the variables of the plan, and those that were there", () => {
      const script = 'echo "$NODE_OPTIONS|$DENO_V8_FLAGS|$BUN_JSC_forceRAMSize|$OF_USER"';
      const env = { OF_USER: "mine", NODE_OPTIONS: "--no-deprecation" };
      const { stdout } = exec(["sh", "-c", script], { ...given, env });
      assert.match(
        stdout,
        /^--no-deprecation --max-old-space-size=\d+ --max-semi-space-size=\d+\|--max-old-space-size=\d+,--max-semi-space-size=\d+\|\d+\|mine\n$/,
      );
    });

    it("keeps a heap that the user has set, and says so", () => {
      const env = { NODE_OPTIONS: "--max-old-space-size=77" };
      const { stdout, stderr } = exec(["sh", "-c", 'echo "$NODE_OPTIONS"'], { ...given, env });
      assert.match(stdout, /^--max-old-space-size=77 --max-semi-space-size=\d+\n$/);
      assert.equal(stderr, "memctl: kept as it is: NODE_OPTIONS: --max-old-space-size=77\n");
    });

    it("is nothing but an empty file, which the shell runs", () =>
      withTempFolder((folder) => {
        const file = path.join(folder, "empty");
        fs.writeFileSync(file, "", { mode: 0o755 });
        assert.equal(exec([file], given).status, 0);
      }));

    it("is a file that the kernel refuses: 126", () =>
      withTempFolder((folder) => {
        const file = path.join(folder, "binary");
        fs.writeFileSync(file, "\x01\0\x02", { mode: 0o755 });
        const { status, stderr } = exec([file], given);
        // Deno gives such a file to the shell.
        assert.ok(status === 126 || status === 127, stderr);
        assert.match(stderr, /binary/);
      }));

    it("is run by the shell if it is a script without a first line that says by what", () =>
      withTempFolder((folder) => {
        const file = path.join(folder, "script");
        fs.writeFileSync(file, 'echo "ran $1"\n', { mode: 0o755 });
        const { stdout, status } = exec([file, "well"], given);
        assert.deepEqual([stdout, status], ["ran well\n", 0]);
      }));

    it("has the files that were open", () =>
      withTempFolder((folder) => {
        const file = path.join(folder, "open");
        fs.writeFileSync(file, "from descriptor 3\n");
        const command = ["sh", "-c", "cat <&3; cat <&7"];
        const env = { FILE: file };
        const { stdout, stderr } = inShell(
          'exec "$@" 3<"$FILE" 7<"$FILE"',
          [...flags],
          command,
          env,
        );
        assert.deepEqual([stdout, stderr], ["from descriptor 3\nfrom descriptor 3\n", ""]);
      }));

    it("has the terminal", { skip: spawnSync("script", ["--version"]).status !== 0 }, () => {
      const command = ["sh", "-c", "test -t 0 && test -t 1 && test -t 2 && stty -a"];
      const line = [program!, ...execArgs([...flags], command)].map((word) => `'${word}'`).join(
        " ",
      );
      const { stdout, status } = spawnSync("script", ["-qfec", line, "/dev/null"], {
        encoding: "utf8",
        env: { ...process.env, SHELL: "/bin/sh" },
        timeout: 60_000,
      });
      assert.match(stdout, / icanon[^]* echo /);
      assert.equal(status, 0);
    });
  });
}

describe("a command that takes the place of exec", { skip }, () => {
  it("has its process id", () => {
    const { stdout } = inShell('echo $$; exec "$@"', [], ["sh", "-c", "echo $$"]);
    const [before, after] = stdout.trim().split("\n");
    assert.equal(after, before);
  });

  it("finds signals as exec found them", { skip: !isLinux }, () => {
    // The last 8 digits are signals 1 to 32; the C library has further ones for itself.
    const status = ["sh", "-c", "grep -oE '^Sig(Ign|Blk)|.{8}$' /proc/self/status | grep -A1 Sig"];
    // What starts this test may ignore signals, so the comparison is with a shell's program.
    const { stdout: before } = spawnSync("sh", ["-c", '"$@"', "sh", ...status], {
      encoding: "utf8",
    });
    const { stdout: after } = inShell('"$@"', [], status);
    assert.equal(after, before);
  });

  it("finds blocking pipes", { skip: !isLinux }, () => {
    const command = ["sh", "-c", "grep -h flags /proc/self/fdinfo/0 /proc/self/fdinfo/1"];
    const { stdout } = inShell(': | "$@" | cat', [], command);
    const flags = stdout.trim().split("\n").map((line) => parseInt(line.split("\t")[1]!, 8));
    assert.deepEqual(flags.map((flags) => flags & 0o4000), [0, 0], stdout);
  });

  it("leaves no further descriptor open", { skip: !isLinux }, () => {
    const list = ["sh", "-c", "ls /proc/self/fd"];
    const { stdout: before } = spawnSync(list[0]!, list.slice(1), { encoding: "utf8" });
    const { stdout: after } = exec(list);
    assert.equal(after, before);
  });
});

describe("a command that exec cannot start", { skip }, () => {
  it("is not found: 127", () => {
    for (const name of ["no-such-command", "./no-such-command"]) {
      const { status, stderr } = exec([name]);
      assert.equal(status, 127);
      assert.match(stderr, /^memctl: the command ".*no-such-command" was not found: .*\n$/);
    }
  });

  const files: [string, string, number, RegExp][] = [
    ["without the permission", "echo ran", 0o644, /permission denied/],
    ["with an interpreter that is missing", "#!/no/such/shell\n", 0o755, /\/no\/such\/shell/],
  ];
  for (const [name, text, mode, reason] of files) {
    it(`is a file ${name}: 126`, () =>
      withTempFolder((folder) => {
        const file = path.join(folder, "file");
        fs.writeFileSync(file, text, { mode });
        const { status, stderr, stdout } = exec([file]);
        assert.deepEqual([status, stdout], [126, ""]);
        assert.match(stderr, /^memctl: the command must be executable: /);
        assert.match(stderr, reason);
      }));
  }

  it("is a folder: 126", () => {
    const { status, stderr } = exec(["/"]);
    assert.equal(status, 126);
    assert.match(stderr, /must be executable: \/: it is not a file/);
  });

  it("is found behind one that must not be executed", () =>
    withTempFolder((folder) => {
      fs.writeFileSync(path.join(folder, "sh"), "", { mode: 0o644 });
      const env = { PATH: `${folder}:${process.env.PATH}` };
      assert.equal(exec(["sh", "-c", "exit 5"], { env }).status, 5);
    }));

  const wrong: [string[], RegExp][] = [
    [["exec"], /exec needs a command after --/],
    [["exec", "--"], /exec needs a command after --/],
    [["exec", "MARK"], /exec needs -- before its command: current value is "touch"/],
    [["exec", "--fast", "--", "MARK"], /exec: Unknown option '--fast'/],
    [["exec", "--limit", "lots", "--", "MARK"], /--limit must be a size such as 512M.*"lots"/],
    [["exec", "--limit", "0", "--", "MARK"], /--limit must be a size .*"0"/],
    [["exec", "--limit", "1K", "--", "MARK"], /the limit must be at least .* value is 1\.0KiB/],
    [["exec", "--processes", "0", "--", "MARK"], /--processes must be a whole number from 1/],
    [["exec", "--workers", "some", "--", "MARK"], /--workers must be a whole number from 0/],
    [["exec", "--workers", "fit", "--", "MARK"], /--workers fit needs --worker-bytes/],
    [["exec", "--limit", "1G", "--reserve", "120%", "--", "MARK"], /reserve.*120%/],
    [["exec", "--json", "--", "MARK"], /--json only with --print/],
  ];
  for (const [args, message] of wrong) {
    it(`is not started by "${args.join(" ")}": 2`, () =>
      withTempFolder((folder) => {
        const mark = path.join(folder, "started");
        const words = args.flatMap((word) => word === "MARK" ? ["touch", mark] : [word]);
        const { status, stderr } = spawnSync(program!, [...options, cli, ...words], {
          encoding: "utf8",
        });
        assert.equal(status, 2, stderr);
        assert.match(stderr, message);
        assert.ok(!fs.existsSync(mark));
      }));
  }
});

describe("exec --print", { skip }, () => {
  it("tells what it would do, and does nothing", () => {
    const { stdout, status } = exec(["sh", "-c", "exit 3"], { flags: ["--print"] });
    assert.equal(status, 0);
    assert.match(stdout, /^limit: 512\.0MiB \(--limit\)\n/);
    assert.match(stdout, /\nwould run \/.*sh: sh -c 'exit 3'\n$/);
  });

  it("tells it to machines", () => {
    const { stdout } = exec(["sh", "-c", "exit 3"], { flags: ["--print", "--json"] });
    const { file, command, limit, plan } = JSON.parse(stdout);
    assert.match(file, /\/sh$/);
    assert.deepEqual(command, ["sh", "-c", "exit 3"]);
    assert.deepEqual(limit, { bytes: 512 * 1024 * 1024, source: "--limit" });
    assert.deepEqual(Object.keys(plan.runtimes), ["deno", "bun", "node"]);
  });
});

describe("exec in Deno's sandbox", { skip: !("Deno" in globalThis) }, () => {
  const run = (permissions: string[]) =>
    spawnSync(
      program!,
      [
        "run",
        "--no-prompt",
        ...permissions,
        cli,
        ...execArgs([], ["sh", "-c", "echo ran"]).slice(3),
      ],
      { encoding: "utf8" },
    );

  it("starts a child where it may not call the C library", () => {
    const { stdout, status, stderr } = run(["--allow-read", "--allow-env", "--allow-run"]);
    assert.deepEqual([stdout, status], ["ran\n", 0], stderr);
  });

  it("names the permission that is missing, and starts nothing", () => {
    for (const missing of ["read", "env", "run"]) {
      const permissions = ["read", "env", "run"].filter((name) => name !== missing);
      const { stdout, status, stderr } = run(permissions.map((name) => `--allow-${name}`));
      assert.deepEqual([stdout, status], ["", 2]);
      assert.match(stderr, new RegExp(`Deno needs --allow-${missing}`));
    }
  });
});

/** Starts a program and waits for its first line. */
async function ready(args: string[]): Promise<{
  pid: number;
  output: () => string;
  ended: Promise<{ code: number | null; signal: string | null }>;
}> {
  const child = spawn(program!, args, { stdio: ["pipe", "pipe", "inherit"] });
  let output = "";
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    child.on("close", (code, signal) => resolve({ code, signal }))
  );
  await new Promise<void>((resolve, reject) => {
    child.stdout.on("data", (data) => {
      output += data;
      if (output.includes("\n")) resolve();
    });
    child.on("error", reject);
    child.on("close", () => resolve());
  });
  return { pid: child.pid!, output: () => output, ended };
}
