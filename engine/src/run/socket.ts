/** A kind of value that may travel along a link. The name is what editors and saved workflows see. */
export interface Socket<T> {
  readonly type: string;
  /** The node returns an array whose items travel one by one (ComfyUI's OUTPUT_IS_LIST). */
  readonly list?: boolean;
  /** Values hold functions or live resources: they never leave the process nor reach a cache on disk. */
  readonly local?: boolean;
  readonly tooltip?: string;
  /** Never set; carries `T` for inference. */
  readonly _value?: T;
}

/** Declares a socket type; do this once per type and import it everywhere. */
export const socket = <T>(type: string, options: { readonly local?: boolean } = {}): Socket<T> => ({
  type,
  ...options,
});

declare const EACH: unique symbol;
/** The values of an output that is a list. The brand exists in types only: a plain array is one. */
export type Each<T> = readonly T[] & { readonly [EACH]?: T };

/** The items of a list output's values; never for an array that is one value. */
export type ItemOf<T> = typeof EACH extends keyof T ? (T extends Each<infer U> ? U : never) : never;

/** An output that is a list: each item is passed on by itself, so what follows runs once per item. */
export const each = <T>(of: Socket<T>): Socket<Each<T>> => ({ ...of, list: true }) as Socket<Each<T>>;

/** Integers, up to 64 bits: a node's input arrives as the number or bigint that the input declares. */
export const INT = socket<number | bigint>("INT");
/** Floating-point numbers. */
export const FLOAT = socket<number>("FLOAT");
/** Texts. */
export const STRING = socket<string>("STRING");
/** Yes or no. */
export const BOOLEAN = socket<boolean>("BOOLEAN");
/** Accepts and offers every type (`*` in ComfyUI). */
export const ANY = socket<unknown>("*");
