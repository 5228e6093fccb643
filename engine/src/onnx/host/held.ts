import { randomUUID } from "node:crypto";
import type { AnyTensor, Handle, SessionSpec } from "../inference.js";
import type { HostLink } from "./link.js";

/** What a handle stands for, kept so that a new host can be given it again. */
export interface Held {
  readonly id: string;
  readonly source: { readonly tensor: AnyTensor } | { readonly run: Call; readonly output: string };
  /** The host that holds it now. */
  on: HostLink | undefined;
  released: boolean;
}

/** A run with its handles resolved. */
export interface Call {
  readonly session: SessionSpec;
  readonly feeds: ReadonlyMap<string, AnyTensor | Held>;
  readonly keep: Map<string, Held>;
}

/** Whether an input is named by a handle, and not given itself. */
export const isHandle = (feed: AnyTensor | Handle): feed is Handle => "id" in feed;
/** The same once handles are resolved. */
export const isHeld = (feed: AnyTensor | Held): feed is Held => "source" in feed;

/** A new thing to hold, not yet in any host. */
export const hold = (source: Held["source"]): Held => ({ id: randomUUID(), source, on: undefined, released: false });
