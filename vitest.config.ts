import { defineConfig } from "vitest/config";

// Tests that load ONNX Runtime themselves do as the inference host does: nothing is kept in the home folder or sent.
process.env.ORT_DISABLE_TELEMETRY = "1";

/** Laws of one package lie beside its source; what crosses packages lies in test/ and uses the built product. */
const unit = (name: string, folder: string) => ({ test: { name, include: [`${folder}/src/**/*.test.ts`] } });

/** Black-box tests start processes and load models: they wait longer, and one file at a time has the machine. */
const blackBox = (name: string, timeout: number) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: timeout,
    hookTimeout: timeout,
    fileParallelism: false,
  },
});

export default defineConfig({
  test: {
    projects: [
      unit("engine", "engine"),
      unit("nodes", "nodes/*"),
      unit("server", "server"),
      {
        test: {
          name: "types",
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            include: ["{engine,nodes/*,server}/src/**/*.test-d.ts"],
            tsconfig: "./tsconfig.json",
            ignoreSourceErrors: true,
          },
        },
      },
      blackBox("workflows", 120_000),
      blackBox("cli", 300_000),
      blackBox("goldens", 120_000),
      blackBox("reference", 300_000),
      blackBox("templates", 60_000),
      blackBox("definitions", 60_000),
      blackBox("serve", 120_000),
      blackBox("clients", 120_000),
      blackBox("attacks", 120_000),
      blackBox("faults", 900_000),
    ],
  },
});
