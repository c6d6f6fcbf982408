import { type JsonSchema, toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';
import { type CommandWithJson, RESULTS, schemaOf } from '../src/cli/render/json/documents.ts';
import { failureSchema } from '../src/cli/render/json/envelope.ts';

/** The commands that have --json, in the order of --help. */
export const COMMANDS_WITH_JSON = Object.keys(RESULTS) as readonly CommandWithJson[];

/** The JSON Schema files of docs/reference/json, by their names. */
export function jsonSchemas(): ReadonlyMap<string, JsonSchema> {
  const failure = 'What is printed where no command was recognised';
  return new Map([
    ...COMMANDS_WITH_JSON.map((command) => {
      const title = `What "zodbvault ${command} --json" prints`;
      return [`${command}.schema.json`, convert(schemaOf(command), title)] as const;
    }),
    ['failure.schema.json', convert(failureSchema({}), failure)],
  ]);
}

/** Later versions may add names, so that these schemas take them. */
function convert(schema: v.GenericSchema, title: string): JsonSchema {
  const { $schema, ...rest } = toJsonSchema(schema, {
    overrideSchema: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      return jsonSchema;
    },
  });
  return { ...($schema === undefined ? {} : { $schema }), title, ...rest };
}
