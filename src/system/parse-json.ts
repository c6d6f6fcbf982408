import * as v from 'valibot';

/** Undefined where a text is no JSON, or says something else than the schema wants. */
export function parseJson<T>(text: string, schema: JsonSchema<T>): T | undefined {
  try {
    const result = v.safeParse(schema, JSON.parse(text));
    return result.success ? result.output : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** What a text is to say. */
export type JsonSchema<T> = v.BaseSchema<unknown, T, v.BaseIssue<unknown>>;
