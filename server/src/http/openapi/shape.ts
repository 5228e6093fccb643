/** The parts of a JSON Schema that our document uses. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly default?: unknown;
}

/** A schema as people read types: one property a line, what it means behind it. */
export function shapeOf(schema: Schema, depth = 0): string {
  const { $ref, anyOf, oneOf, properties, items, additionalProperties: rest } = schema;
  if ($ref !== undefined) return $ref.split("/").at(-1) as string;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const either = anyOf ?? oneOf;
  if (either) return either.map((one) => shapeOf(one, depth)).join(" | ");
  if (properties && Object.keys(properties).length > 0) return objectOf(schema, properties, depth);
  if (items) return `${parenthesised(shapeOf(items, depth))}[]`;
  if (typeof rest === "object" && Object.keys(rest).length > 0) return `{ [name]: ${shapeOf(rest, depth)} }`;
  if (schema.format === "binary") return "bytes";
  if (schema.type === undefined) return "any";
  return [schema.type].flat().join(" | ");
}

function objectOf({ required = [] }: Schema, properties: Readonly<Record<string, Schema>>, depth: number): string {
  const indent = "  ".repeat(depth + 1);
  const lines = Object.entries(properties).map(([name, one]) => {
    const comment = one.description === undefined ? "" : `  // ${one.description.replaceAll("\n", " ")}`;
    return `${indent}${name}${required.includes(name) ? "" : "?"}: ${shapeOf(one, depth + 1)}${comment}`;
  });
  return `{\n${lines.join("\n")}\n${"  ".repeat(depth)}}`;
}

const parenthesised = (text: string): string => (text.includes(" | ") ? `(${text})` : text);
