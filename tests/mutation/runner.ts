// A test runner for Stryker: all test files in one process, one mutant switched
// on after the other. A run of a few tests takes milliseconds that way.

import type { InstrumenterContext } from "@stryker-mutator/api/core";
import { declareClassPlugin, PluginKind } from "@stryker-mutator/api/plugin";
import {
  determineHitLimitReached,
  type DryRunOptions,
  type DryRunResult,
  DryRunStatus,
  type MutantRunOptions,
  type MutantRunResult,
  type TestResult,
  type TestRunner,
  type TestRunnerCapabilities,
  TestStatus,
  toMutantRunResult,
} from "@stryker-mutator/api/test-runner";
import fs from "node:fs";
import { registerHooks } from "node:module";
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import v8 from "node:v8";
import { forget, load, run, type Test, tests } from "./registry.ts";

/** Tests that start programs or real cgroups, or that say nothing about the sources. */
const APART = [
  "std/",
  "e2e/",
  "mutation/",
  "documentation_test.ts",
  "examples_test.ts",
  "platform/deno_sandbox_test.ts",
  "platform/darwin_test.ts",
  "platform/faults_test.ts",
];
/**
 * Suites and tests that wait for the engine's own collections, which come when
 * they come, and those that start programs, which run without a mutant.
 */
const APART_NAMES = [
  "on this runtime",
  "steering in Node",
  "does not keep the process alive",
  "show in this runtime's heap figures for objects, strings and buffers",
  "a folder that the kernel does not let anybody make",
  "unref lets the process exit while a watch runs",
];
/**
 * How long one test may take, in turns of a timer of so many ms; the slowest
 * test takes about a second. A busy host delays the turns too, so that it alone
 * makes no test fail.
 */
const PATIENCE = 80;
const PATIENCE_WITHOUT = 600;
const TURN = 100;
/** A complete heap snapshot, in place of those of this process, which take seconds each. */
const SNAPSHOT = `{"snapshot":{},"strings":["${"x".repeat(128 * 1024)}"]}`;
/** How often one process imports the files before it gives way to a new one. */
const MOST_IMPORTS = 60;

const stryker: InstrumenterContext = (globalThis as { __stryker__?: InstrumenterContext })
  .__stryker__ ??= {};
const { setInterval, clearInterval } = globalThis;

class InProcessRunner implements TestRunner {
  readonly #loaded = new Set<string>();
  /** How often the files were imported. */
  #generation = 0;
  /** How long each test last took, in ms. */
  readonly #times = new Map<string, number>();
  /** Whether a mutant left behind what makes tests fail without it. */
  #spoiled = false;
  /** What a test threw outside of its promise. */
  #stray: (error: unknown) => void = () => {};

  capabilities(): TestRunnerCapabilities {
    return { reloadEnvironment: true };
  }

  init(): Promise<void> {
    process.env.MEMCTL_FUZZ_RUNS ??= "40";
    v8.writeHeapSnapshot = (file) => {
      fs.writeFileSync(file!, SNAPSHOT);
      return file!;
    };
    const own = pathToFileURL(`${process.cwd()}/`).href;
    registerHooks({
      resolve: (specifier, context, next) => {
        if (specifier === "node:test" && !context.parentURL?.endsWith("/registry.ts")) {
          return { url: new URL("./registry.ts", import.meta.url).href, shortCircuit: true };
        }
        const resolved = next(specifier, context);
        // A new name for a module is the only way to have it evaluated again.
        return resolved.url.startsWith(own) && !resolved.url.includes("/node_modules/")
          ? { ...resolved, url: `${resolved.url}?${this.#generation}` }
          : resolved;
      },
    });
    for (const event of ["unhandledRejection", "uncaughtException"]) {
      process.on(event, (error) => this.#stray(error));
    }
    return Promise.resolve();
  }

  async dryRun(_options: DryRunOptions): Promise<DryRunResult> {
    const results: TestResult[] = [];
    for (const file of testFiles()) {
      await this.#load(file);
      results.push(...await this.#run(testsOf(file)));
    }
    const { mutantCoverage } = stryker;
    return {
      status: DryRunStatus.Complete,
      tests: results,
      ...(mutantCoverage && { mutantCoverage }),
    };
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    // Stryker answers a rejection with a new process and one more try.
    if (this.#spoiled) throw new Error("a mutant left the process in a state that fails tests");
    if (this.#generation > MOST_IMPORTS) throw new Error("too many modules that are never freed");
    const { activeMutant, hitLimit, mutantActivation, sandboxFileName, testFilter } = options;
    if (options.reloadEnvironment) {
      forget();
      this.#loaded.clear();
      this.#generation++;
    }
    const isStatic = mutantActivation === "static";
    const ids = testFilter && new Set(testFilter);
    const results: TestResult[] = [];
    stryker.activeMutant = "none";
    stryker.hitCount = 0;
    if (hitLimit !== undefined) stryker.hitLimit = hitLimit;
    const all = testFiles();
    const files = isStatic
      ? namesakesOf(sandboxFileName, all)
      : all.filter((file) => ids === undefined || hasPrefix(ids, file));
    try {
      if (!isStatic) { for (const file of files) await this.#load(file); }
      for (const batch of isStatic ? files.map((file) => [file]) : [files]) {
        stryker.activeMutant = activeMutant.id;
        if (isStatic) { for (const file of batch) await this.#load(file); }
        const chosen = batch.flatMap(testsOf).filter(({ id }) => ids?.has(id) ?? true);
        results.push(...await this.#run(this.#quickFirst(chosen), true));
        if (hasFailed(results)) break;
      }
    } catch (error) {
      // A file that can't be loaded fails like a test.
      results.push({
        ...resultOf("load", 0),
        status: TestStatus.Failed,
        failureMessage: `${error}`,
      });
    }
    const overrun = determineHitLimitReached(stryker.hitCount, hitLimit);
    stryker.activeMutant = "none";
    delete stryker.hitCount;
    delete stryker.hitLimit;
    // A failed test may have left a timer or a file open. What a next mutant
    // is charged with must not be that.
    if (hasFailed(results) && !isStatic) {
      const ran = new Set(results.map(({ id }) => id));
      const again = await this.#run(tests.filter(({ id }) => ran.has(id)), true);
      this.#spoiled = hasFailed(again);
    }
    return toMutantRunResult(
      overrun ?? { status: DryRunStatus.Complete, tests: results },
      false,
    );
  }

  async #load(file: string): Promise<void> {
    if (this.#loaded.has(file)) return;
    this.#loaded.add(file);
    await load(file, pathToFileURL(path.join(process.cwd(), "tests", file)).href);
  }

  #quickFirst(chosen: Test[]): Test[] {
    const time = ({ id }: Test) => this.#times.get(id) ?? 0;
    return chosen.sort((a, b) => time(a) - time(b));
  }

  /** Runs tests one after the other, up to the first failure with `bail`. */
  async #run(chosen: Test[], bail = false): Promise<TestResult[]> {
    const results: TestResult[] = [];
    for (const test of chosen) {
      const result = await this.#one(test);
      this.#times.set(test.id, result.timeSpentMs);
      results.push(result);
      if (bail && result.status === TestStatus.Failed) break;
    }
    return results;
  }

  async #one(test: Test): Promise<TestResult> {
    if (test.skipped) return { ...resultOf(test.id, 0), status: TestStatus.Skipped };
    const patience = stryker.activeMutant === undefined ? PATIENCE_WITHOUT : PATIENCE;
    const start = performance.now();
    stryker.currentTestId = test.id;
    let timer: ReturnType<typeof setInterval> | undefined;
    let turns = 0;
    try {
      await Promise.race([
        run(test),
        new Promise((_, reject) => {
          this.#stray = reject;
          timer = setInterval(() => {
            if (++turns > patience) reject(new Error(`not over in ${patience * TURN} ms`));
          }, TURN);
        }),
      ]);
      return { ...resultOf(test.id, performance.now() - start), status: TestStatus.Success };
    } catch (error) {
      return {
        ...resultOf(test.id, performance.now() - start),
        status: TestStatus.Failed,
        failureMessage: String(error),
      };
    } finally {
      clearInterval(timer);
      delete stryker.currentTestId;
    }
  }
}

/** The tests of the folder that MEMCTL_MUTATION_TESTS names. */
function testFiles(): string[] {
  const only = process.env.MEMCTL_MUTATION_TESTS;
  return fs.readdirSync("tests", { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith("_test.ts") && !APART.some((name) => file.startsWith(name)))
    .filter((file) => only === undefined || path.dirname(file) === path.normalize(only))
    .sort();
}

/**
 * The tests whose names begin with a source's name, or else all. What runs while
 * files are imported is covered by every test, so all of them would have to run.
 */
function namesakesOf(source: string, files: string[]): string[] {
  const { name } = path.parse(source);
  const own = files.filter((file) => path.basename(file).startsWith(name));
  return own.length > 0 ? own : files;
}

function testsOf(file: string): Test[] {
  return tests.filter(({ id }) =>
    id.startsWith(`${file} > `) && !APART_NAMES.some((name) => `${id} > `.includes(` > ${name} > `))
  );
}

function hasPrefix(ids: Set<string>, file: string): boolean {
  return [...ids].some((id) => id.startsWith(`${file} > `));
}

function hasFailed(results: TestResult[]): boolean {
  return results.some(({ status }) => status === TestStatus.Failed);
}

function resultOf(id: string, timeSpentMs: number) {
  return { id, name: id, fileName: path.join("tests", id.split(" > ")[0]!), timeSpentMs };
}

export const strykerPlugins: unknown[] = [
  declareClassPlugin(PluginKind.TestRunner, "in-process", InProcessRunner),
];
