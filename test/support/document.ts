import * as v from 'valibot';
import { type CommandWithJson, RESULTS, schemaOf } from '../../src/cli/render/json/documents.ts';
import { failureSchema } from '../../src/cli/render/json/envelope.ts';
import type { Finished } from './command.ts';

/** The document that a command has printed with --json: as its schema says, with its exit status, and nothing else. */
export function documentOf({ stdout, status }: Pick<Finished, 'stdout' | 'status'>) {
  const document = JSON.parse(stdout);
  const { command } = document;
  const schema = isKnown(command) ? schemaOf(command) : failureSchema({});
  const { issues } = v.safeParse(schema, document);
  const problems = issues?.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`) ?? [];
  if (problems.length > 0) throw new Error(`${problems.join('\n')}\n${stdout}`);
  if (document.status !== status) throw new Error(`status ${document.status}, but ended ${status}`);
  return document;
}

function isKnown(command: unknown): command is CommandWithJson {
  return typeof command === 'string' && Object.hasOwn(RESULTS, command);
}
