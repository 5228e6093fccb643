import { Argument, Command, CommanderError, Option } from "commander";
import { ownVersion } from "../extensions.js";
import { EXIT, type ExitCode, Failure, messageOf, trace } from "../failure.js";
import { SCOPES } from "../security/scope.js";
import { palette } from "./colour.js";
import { printable } from "./printable.js";

const collect = (value: string, earlier: readonly string[] = []): readonly string[] => [...earlier, value];

const data = () => new Option("--data <dir>", "data directory (default: $MEZZOTINT_DATA or ~/.mezzotint)");
const modelPaths = () =>
  new Option(
    "--model-paths <file>",
    "more model folders, in the format of ComfyUI's extra_model_paths.yaml; repeatable",
  ).argParser(collect);
const pack = () =>
  new Option("--pack <path>", "load a pack that is not installed, from its .js file or folder; repeatable").argParser(
    collect,
  );

const compat = () =>
  new Option("--compat <version>", "behave like this ComfyUI where versions differ").choices(["0.3.64"]);

const embedded = (first: "prompt" | "workflow") =>
  new Option("--embedded <which>", "of a picture's two: the prompt that made it, or the workflow an editor opens")
    .choices(["prompt", "workflow"])
    .default(first);

/** Options that say what a workflow is. */
const withWorkflow = (command: Command): Command =>
  command
    .argument("<file>", "a workflow: API or saved JSON, or a PNG or WebP that holds one; - reads standard input")
    .addOption(
      new Option(
        "--set <node.input=value>",
        "change an input, by the node's id, title or type, or by a name that the workflow declares; repeatable",
      ).argParser(collect),
    )
    .option("--seed <n>", "give every seed in the workflow this value")
    .addOption(embedded("prompt"))
    .option("--no-dynamic-prompts", "leave {a|b} and comments in a saved workflow's texts as they are")
    .option("--input <dir>", "where pictures are read (before ./input beside the workflow, and the data directory's)")
    .addOption(data())
    .addOption(modelPaths())
    .addOption(pack())
    .option("--json", "write JSON, one line each");

/** Describes the commands. Their code is loaded when one is chosen: a cold start pays for nothing else. */
function commands(finish: (code: ExitCode) => void): Command {
  const program = new Command("mezzotint")
    .description("Runs node graphs that make images.")
    .version(ownVersion(), "-V, --version")
    .option("--debug", "show where an error came from")
    .exitOverride()
    .configureHelp({ sortSubcommands: false })
    .showHelpAfterError("(mezzotint --help says more)");

  withWorkflow(program.command("run").description("run a workflow and write its pictures"))
    .option("--output <dir>", "where pictures are written", "output")
    .option("--cache <dir>", "keep what nodes computed here, and use it in later runs")
    .option("--dry-run", "check the workflow and say what would run")
    .option("--preview <file>", "keep a JPEG of the picture being made in this file")
    .option("--timings", "say afterwards where the time went")
    .addOption(compat())
    .action(async (file, options) => finish(await (await import("./run.js")).runCommand(file, options)));

  program
    .command("serve")
    .description("serve ComfyUI's API: API scripts, SDKs and its editor run workflows here")
    .option("-p, --port <n>", "the port; 0 takes any that is free", "8188")
    .option("--listen <address>", "the address to listen on; other than loopback's it needs tokens", "127.0.0.1")
    .option("--workers <n>", "processes that run nodes", "1")
    .option("--jobs <n>", "jobs that one worker runs at once; one of them at a time has the GPU", "1")
    .option("--max-queue <n>", "jobs that may wait; more are refused (429) until some have run", "10000")
    .option("--input <dir>", "where pictures are read and uploaded (default: input in the data directory)")
    .option("--output <dir>", "where pictures are written (default: output in the data directory)")
    .option("--front-end-root <dir>", "show this built ComfyUI editor at /")
    .addOption(
      new Option("--allow-host <name>", "another name by which browsers reach this server; repeatable").argParser(
        collect,
      ),
    )
    .option("--webhook <url>", "tell this URL when a job is over; $MEZZOTINT_WEBHOOK_SECRET signs what is sent")
    .option("--allow-private-urls", "let webhooks and URLs of users lead to private networks and this machine")
    .addOption(compat())
    .option("--no-auth", "ask nobody for a token, though there are tokens (on loopback only)")
    .option("--rate-limit <n>", "requests a minute that one token may make; 0: as many as it likes", "3000")
    .option("--behind-proxy", "believe the X-Forwarded-… headers of a reverse proxy on this machine")
    .option("--durable", "keep accepted jobs through a power cut too (slower)")
    .addOption(data())
    .addOption(modelPaths())
    .addOption(pack())
    .action(async (options) => finish(await (await import("./serve.js")).serveCommand(options)));

  const token = program.command("token").description("say who may use a server, and for what");
  token
    .command("create")
    .description("make a token, and show it once")
    .option(
      "--user <name>",
      "whose jobs and files it is for; default is who a server without tokens works for",
      "default",
    )
    .addOption(
      new Option("--scope <scope>", "read; run: also submit, cancel, upload and save; admin: everything, for everybody")
        .choices(SCOPES)
        .default("run"),
    )
    .option("--label <text>", "what it is for", "")
    .option("--expires <time>", "when it ends: so many days, hours or minutes from now (90d, 12h, 30m)")
    .addOption(data())
    .option("--json", "write JSON")
    .action(async (options) => finish(await (await import("./token.js")).createToken(options)));
  token
    .command("list")
    .description("list the tokens; what they are is not kept")
    .addOption(data())
    .option("--json", "write JSON")
    .action(async (options) => finish(await (await import("./token.js")).listTokens(options)));
  token
    .command("revoke")
    .description("end tokens, at once")
    .argument("<id...>", "ids, as `token list` shows them")
    .addOption(data())
    .action(async (ids, options) => finish(await (await import("./token.js")).revokeTokens(ids, options)));

  withWorkflow(program.command("validate").description("check a workflow without running it")).action(
    async (file, options) => finish(await (await import("./validate.js")).validateCommand(file, options)),
  );

  program
    .command("convert")
    .description("turn a saved workflow into API form, and say what could not be known")
    .argument("<file>", "a saved workflow, or a PNG or WebP that holds one; - reads standard input")
    .option("-o, --output <file>", "where to write it (default: standard output)")
    .option("--into <picture>", "put the workflow, saved and in API form, into this PNG or WebP")
    .option("--seed <n>", "what dynamic prompts are resolved from (default: the workflow's first seed)")
    .addOption(embedded("workflow"))
    .option("--no-dynamic-prompts", "leave {a|b} and comments in texts as they are")
    .addOption(data())
    .addOption(modelPaths())
    .addOption(pack())
    .option("--json", "write the prompt and what was found as JSON")
    .action(async (file, options) => finish(await (await import("./convert.js")).convertCommand(file, options)));

  program
    .command("inspect")
    .description("say what a checkpoint is: architecture, dtype, size, keys unread")
    .argument("<file>", "a .safetensors file or a diffusers folder")
    .option("--json", "write JSON")
    .action(async (file, options) => (await import("./inspect.js")).inspectCommand(file, options));

  program
    .command("nodes")
    .description("list the nodes, or explain one")
    .argument("[name]", "a node type or title")
    .addOption(data())
    .addOption(pack())
    .option("--json", "write JSON")
    .action(async (name, options) => (await import("./nodes.js")).nodesCommand(name, options));

  program
    .command("doctor")
    .description("look at this machine and this installation")
    .addOption(data())
    .option("--json", "write JSON, one line each")
    .action(async (options) => {
      const sound = await (await import("./doctor.js")).doctorCommand(options);
      if (!sound) finish(EXIT.failedInNode);
    });

  program
    .command("import")
    .description("use the models of an existing ComfyUI (or AUTOMATIC1111 web UI) where they are")
    .argument("<dir>", "its folder")
    .addOption(data())
    .option("--json", "write JSON")
    .action(async (folder, options) => (await import("./import.js")).importCommand(folder, options));
  return program;
}

/** How `--help` lists the command that completion.ts makes. */
const completion = (): Command =>
  new Command("completion")
    .description("print a script that makes a shell complete this command")
    .addArgument(new Argument("<shell>").choices(["bash", "zsh", "fish", "powershell"]));

/** Says what went wrong, and how the process should end for it. */
function report(error: unknown, debug: boolean): ExitCode {
  // Commander has printed its own sentence, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.invalid;
  const { red } = palette(process.stderr);
  console.error(`${red("error:")} ${messageOf(error).split("\n").map(printable).join("\n")}`);
  if (debug) console.error(trace(error));
  return error instanceof Failure ? error.exitCode : EXIT.failedInNode;
}

/** Runs the command line; ends with the exit code, once everything is printed. */
export async function main(argv: readonly string[]): Promise<void> {
  // Whoever reads us may have seen enough (`mezzotint nodes | head`). Then we end, as a shell expects, without a word.
  process.stdout.on("error", ({ code }: NodeJS.ErrnoException) =>
    process.exit(code === "EPIPE" ? EXIT.brokenPipe : EXIT.invalid),
  );
  let code: ExitCode = EXIT.done;
  try {
    const program = commands((chosen) => {
      code = chosen;
    });
    // What completes is loaded when the user asks for its script, or that script asks (`complete`).
    if (argv[2] === "completion" || argv[2] === "complete") (await import("./completion.js")).addCompletion(program);
    else program.addCommand(completion());
    await program.parseAsync([...argv]);
  } catch (error) {
    code = report(error, argv.includes("--debug"));
  }
  process.exitCode = code;
}
