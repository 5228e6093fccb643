/** A typed name for something that the process running nodes offers them, such as its folders. */
export interface Service<T> {
  readonly name: string;
  /** Never set; carries `T` for inference. */
  readonly _value?: T;
}

/** Declares a service. The name is what processes agree on. */
export const service = <T>(name: string): Service<T> => ({ name });

/** One offered service; made by `provide`, so that the value has the service's type. */
export interface Provided {
  readonly name: string;
  readonly value: unknown;
}

/** Offers a value under a service. */
export const provide = <T>(token: Service<T>, value: NoInfer<T>): Provided => ({ name: token.name, value });

/** Gives what is offered under a service; throws, naming it, when nothing is. */
export type Use = <T>(token: Service<T>) => T;

/** Looks services up by their token. Throws, naming the service, when this process does not offer it. */
export function services(offered: readonly Provided[]): Use {
  const values = new Map(offered.map(({ name, value }) => [name, value]));
  return <T>({ name }: Service<T>): T => {
    if (!values.has(name))
      throw new Error(`this process offers no "${name}" (it offers: ${[...values.keys()].join(", ") || "nothing"})`);
    return values.get(name) as T;
  };
}
