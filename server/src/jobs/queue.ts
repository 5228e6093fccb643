import type { Attempt, Job, JobSpec, JobStatus, JobSummary, Outcome } from "./job.js";

/** What came of adding a job. `same`: it is there already, equal in every byte that counts. */
export type Added =
  | { readonly kind: "added" | "same"; readonly job: JobSummary }
  /** The id is taken by another prompt, or by somebody else. */
  | { readonly kind: "taken" }
  | { readonly kind: "full"; readonly queued: number };

/** A job that a worker got, and which try of it this is: whoever reports on another try is not listened to. */
export interface Claim {
  readonly job: Job;
  readonly attempt: number;
}

/**
 * How a try ended without an end of its job: its worker died, and the job may be why (`blamed`); it died of something else, or
 * nobody knows (`lost`); it was cut short in good order (`returned`), which is never held against the job.
 */
export type GivenBack = "blamed" | "lost" | "returned";

/**
 * Jobs that wait and run, kept safely before they are accepted. SQLite on one machine (store/); Redis can take its place. A job is
 * never lost, and runs at least once: a worker that dies between its last file and our record of it runs it again.
 */
export interface Queue {
  readonly add: (spec: JobSpec) => Promise<Added>;
  /** The next number for a job that did not ask for one; negative ones go to the front. */
  readonly nextNumber: (front: boolean) => Promise<number>;
  /** The next job, now running; undefined when none waits. Fair between users; a user's own by number, then as they came. */
  readonly claim: (worker: string) => Promise<Claim | undefined>;
  /** What a node showed, kept as it comes. */
  readonly shown: (claim: Claim, node: string, ui: Readonly<Record<string, readonly unknown[]>>) => Promise<void>;
  /** Ends a try. False when that try is over already. */
  readonly finish: (claim: Claim, outcome: Outcome) => Promise<boolean>;
  /** Gives a job back to its old place: its worker is gone, or the server stops. */
  readonly requeue: (claim: Claim, reason: string, how: GivenBack) => Promise<"queued" | "failed" | "over">;
  /** Cancels a waiting job. False when it does not wait (it runs, it is over, there is none). */
  readonly cancelQueued: (id: string) => Promise<boolean>;
  /** Cancels all waiting jobs of a user, or of all; which those were. */
  readonly clear: (user?: string) => Promise<readonly Pick<JobSpec, "id" | "user" | "client">[]>;
  readonly counts: () => { readonly queued: number; readonly running: number };
}

/** What is kept of jobs that were ever accepted. */
export interface Records {
  readonly get: (id: string) => Promise<Job | undefined>;
  /** How many jobs will run before a waiting one, if no other comes; undefined when it does not wait. */
  readonly position: (id: string) => Promise<number | undefined>;
  readonly attempts: (id: string) => Promise<readonly Attempt[]>;
  /** Jobs in a state, waiting ones in the order in which they will run, others the newest first. */
  readonly list: (filter: JobFilter) => Promise<readonly JobSummary[]>;
  /** The same with prompts, a page at a time. */
  readonly pages: (filter: JobFilter) => AsyncIterable<Job>;
  readonly count: (filter: JobFilter) => Promise<number>;
  /** Removes jobs that are over; all of a user when no ids are given. */
  readonly forget: (user: string | undefined, ids?: readonly string[]) => Promise<number>;
}

/** Which jobs. */
export interface JobFilter {
  readonly user?: string;
  readonly status?: readonly JobStatus[];
  readonly workflow?: string;
  /** Only those that a worker began: others were cancelled while they waited. */
  readonly ran?: boolean;
  readonly limit?: number;
  readonly offset?: number;
  readonly sortBy?: "created_at" | "execution_duration";
  readonly ascending?: boolean;
}
