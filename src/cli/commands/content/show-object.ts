import { type DescribedPath, describePath } from '../../../operations/content/describe-path.ts';
import { oneLine } from '../../format/one-line.ts';
import { count, formatBytes, formatUtcMoment } from '../../format/units.ts';
import { type ContentSelection, findContentPlace } from '../../options/content-options.ts';
import { typeOf } from '../../render/content.ts';
import { describedAsJson } from '../../render/json/results/content/show-object.ts';
import type { ShowResult } from '../../render/json/results/show.ts';
import type { CommandContext } from '../../terminal/run-command.ts';

/** Shows one object of the database: `show MOMENT PATH`. */
export async function showObject(
  options: ContentSelection,
  {
    moment,
    path,
    running,
  }: {
    readonly moment: string | undefined;
    readonly path: string;
    readonly running: CommandContext;
  },
): Promise<undefined> {
  const { terminal } = running;
  const result = terminal.document.result<ShowResult>({ points: [] });
  const described = await describePath(await findContentPlace(options, { moment, running }), path);
  result.object = describedAsJson(described);
  if (!terminal.isJson) for (const line of linesOf(described)) terminal.print(line);
  return undefined;
}

function* linesOf(described: DescribedPath): Generator<string> {
  const { path, oid, className, title, description, creators, workflowStates, uid } = described;
  yield `${oneLine(path)}: ${oneLine(typeOf(described))}`;
  const facts: readonly (readonly [name: string, value: string | undefined])[] = [
    ['Title', title],
    ['Description', description],
    ['Creators', creators.join(', ')],
    ['Created', described.created],
    ['Modified', described.modified],
    ...workflowStates.map(({ workflow, state }) => ['State', `${state} (${workflow})`] as const),
    ['Written', formatUtcMoment(described.written)],
    ['UID', uid],
    ['Class', className],
    ['Oid', oid],
    ['Contains', described.children === 0 ? undefined : count(described.children, 'object')],
    ['Records', recordsOf(described)],
  ];
  for (const [name, value] of facts) {
    if (value !== undefined && value !== '') yield ` ${name.padEnd(WIDTH)} ${oneLine(value)}`;
  }
  for (const { attribute, sizeBytes } of described.own.blobs) {
    const size = sizeBytes === undefined ? 'no copy has it' : formatBytes(sizeBytes);
    yield ` ${'Blob'.padEnd(WIDTH)} ${oneLine(attribute)}: ${size}`;
  }
}

/** Of the names in front. */
const WIDTH = 'Description'.length;

function recordsOf({ own: { objects, sizeBytes, isCut } }: DescribedPath): string {
  const least = isCut ? 'more than ' : '';
  return `${least}${count(objects, 'object')}, ${formatBytes(sizeBytes)}, without what it contains`;
}
