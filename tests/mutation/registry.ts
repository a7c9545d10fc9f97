// The part of `node:test` that the suite uses, as a list of tests that can be
// run again and again in one process.

export { mock } from "node:test";

/** One `it`, with the hooks of the suites around it. */
export interface Test {
  /** The file, the suites and the test. */
  id: string;
  suite: Suite;
  body: Body;
  skipped: boolean;
}

/** One `describe`, or a file. */
export interface Suite {
  parent: Suite | undefined;
  name: string;
  skipped: boolean;
  beforeEach: Body[];
  afterEach: Body[];
}

type Body = () => unknown;
interface Options {
  skip?: boolean | string;
}

/** Every test that the imported files declared, in their order. */
export const tests: Test[] = [];

let suite: Suite = suiteNamed("", undefined, false);
const ids = new Set<string>();

/** Imports one test file and lists what it declares. */
export async function load(name: string, url: string): Promise<void> {
  suite = suiteNamed(name, undefined, false);
  await import(url);
}

/** Forgets what was declared, before the files are imported again. */
export function forget(): void {
  tests.length = 0;
  ids.clear();
}

export function describe(name: string, ...rest: [Options | Body, Body?]): void {
  const { options, body } = split(rest);
  const outer = suite;
  suite = suiteNamed(name, outer, outer.skipped || Boolean(options.skip));
  try {
    body();
  } finally {
    suite = outer;
  }
}

export function it(name: string, ...rest: [Options | Body, Body?]): void {
  const { options, body } = split(rest);
  const path = [name];
  for (let at: Suite | undefined = suite; at !== undefined; at = at.parent) path.unshift(at.name);
  let id = path.join(" > ");
  while (ids.has(id)) id += "'";
  ids.add(id);
  tests.push({ id, suite, body, skipped: suite.skipped || Boolean(options.skip) });
}

export function beforeEach(body: Body): void {
  suite.beforeEach.push(body);
}

export function afterEach(body: Body): void {
  suite.afterEach.unshift(body);
}

/** Runs one test with its hooks. */
export async function run(test: Test): Promise<void> {
  const suites: Suite[] = [];
  for (let at: Suite | undefined = test.suite; at !== undefined; at = at.parent) suites.unshift(at);
  try {
    for (const { beforeEach } of suites) for (const hook of beforeEach) await hook();
    await test.body();
  } finally {
    for (const { afterEach } of suites.reverse()) for (const hook of afterEach) await hook();
  }
}

function suiteNamed(name: string, parent: Suite | undefined, skipped: boolean): Suite {
  return { parent, name, skipped, beforeEach: [], afterEach: [] };
}

function split([first, second]: [Options | Body, Body?]): { options: Options; body: Body } {
  return typeof first === "function"
    ? { options: {}, body: first }
    : { options: first, body: second ?? (() => {}) };
}
