import { type Service, service } from "@mezzotint/engine";

/** How a process samples, whatever the workflow says. */
export interface SamplingOptions {
  /** Imitate this release of ComfyUI where releases differ: `0.3.64`. Absent: the newest. */
  readonly compat?: string;
}

/** What the process that runs nodes says about sampling: `ctx.use(SAMPLING_OPTIONS)`. */
export const SAMPLING_OPTIONS: Service<SamplingOptions> = service<SamplingOptions>("sampling options");
