import { Failure } from '../../system/failure.ts';
import type { CfgSections, CfgValue } from '../model/cfg-value.ts';
import type { Origin } from '../model/origin.ts';
import { holds } from './section-condition.ts';

/** An option that a file sets twice in one section: as in buildout, the last one counts. */
export interface RepeatedOption {
  readonly section: string;
  readonly option: string;
  readonly first: Origin;
  readonly last: Origin;
}

/**
 * The language of buildout's `.cfg` files.
 *
 * ```
 * # a comment, also with ;            only where it begins the line
 * [section]                           several of one name are one
 * [section:condition]                 counts only where the condition holds
 * name = text                         the rest of the line, blanks around it cut
 *     more text                       indented lines go on, each without its indentation
 * name =
 *     text                            with nothing behind the =, lines keep what they are
 *       deeper                        indented deeper than the least indented one, and so do
 *                                     empty lines between them
 * name += text                        see operators.ts
 * <= macro                            see macros.ts
 * ```
 *
 * Failure `usage` for a line that is none of these, with file and line.
 *
 * @param onRepeated - called for an option that is set again, unless a condition tells the two apart
 */
export function parseCfg(
  text: string,
  file: string,
  onRepeated: (repeated: RepeatedOption) => void = () => {},
): CfgSections {
  const sections = new Map<string, Map<string, CfgValue>>();
  let section: Map<string, CfgValue> | undefined;
  let isSkipped = false;
  let option: OpenOption | undefined;
  let header = { name: '', condition: '' };
  const conditions = new Map<CfgValue, string>();
  const close = () => {
    if (option !== undefined && section !== undefined) {
      const value = closeOption(option, file);
      const before = section.get(option.name);
      if (before !== undefined && conditions.get(before) === header.condition) {
        const [first, last] = [before.origin, value.origin];
        onRepeated({ section: header.name, option: option.name, first, last });
      }
      conditions.set(value, header.condition);
      section.set(option.name, value);
    }
    option = undefined;
  };
  for (const [row, raw] of text.split(/\r\n|\n|\r/).entries()) {
    const line = raw.trimEnd();
    const number = row + 1;
    // No path can hold it; it would come out where a file is opened.
    if (line.includes('\0')) throw stray({ file, number, line });
    if (/^[#;]/.test(line)) continue;
    if (line === '' || /^\s/.test(line)) {
      if (line !== '' && option === undefined && !isSkipped) throw stray({ file, number, line });
      option?.rest.push(line);
      continue;
    }
    close();
    const begins = SECTION.exec(line);
    if (begins !== null) {
      const [, name = '', condition] = begins;
      header = { name, condition: condition?.trim() ?? '' };
      isSkipped = condition !== undefined && !holds(condition.trim(), { file, line: number });
      section = isSkipped ? undefined : (sections.get(name) ?? new Map());
      if (section !== undefined) sections.set(name, section);
      continue;
    }
    if (isSkipped) continue;
    const written = OPTION.exec(line);
    if (section === undefined && written !== null) throw noSection({ file, number, line });
    if (written === null)
      throw section === undefined && !line.startsWith('[')
        ? noConfiguration(file)
        : stray({ file, number, line });
    const [, name = '', first = ''] = written;
    option = { name: name.trimEnd(), first: first.trim(), rest: [], line: number };
  }
  close();
  return sections;
}

const SECTION = /^\[\s*([^\s#[\]:;{}]+)\s*(?::\s*([^\]]+))?\]\s*(?:[#;].*)?$/;
const OPTION = /^([^\s{}[\]=:]+\s*[-+]?)=(.*)$/;

interface OpenOption {
  readonly name: string;
  readonly first: string;
  readonly rest: string[];
  readonly line: number;
}

function closeOption({ name: _, first, rest, line }: OpenOption, file: string): CfgValue {
  const text = first === '' ? block(rest) : [first, ...rest.map((more) => more.trim())].join('\n');
  return { text: text.trimEnd(), origin: { kind: 'line', file, line } };
}

/** The lines without what all of them are indented by, and without empty ones in front. */
function block(lines: readonly string[]): string {
  const start = lines.findIndex((line) => line !== '');
  if (start < 0) return '';
  const wanted = lines.slice(start);
  const indentation = commonIndentation(wanted.filter((line) => line !== ''));
  return wanted.map((line) => line.slice(indentation.length)).join('\n');
}

function commonIndentation(lines: readonly string[]): string {
  const [first = '', ...others] = lines.map((line) => /^\s*/.exec(line)?.[0] ?? '');
  let common = first;
  for (const other of others) while (!other.startsWith(common)) common = common.slice(0, -1);
  return common;
}

interface Position {
  readonly file: string;
  readonly number: number;
  readonly line: string;
}

/** Not even its first line is one: its content is somebody else's matter, so the message does not repeat it. */
function noConfiguration(file: string): Failure {
  return new Failure(
    'usage',
    `Cannot read "${file}": it is not a zodbvault.toml, a buildout or a zope.conf`,
    { hint: { kind: 'name-configuration' } },
  );
}

function stray({ file, number, line }: Position): Failure {
  return new Failure('usage', `Cannot read "${file}": line ${number} is ${JSON.stringify(line)}`, {
    hint: 'Write "name = value" or "[section]", or indent the line if it continues the line before.',
  });
}

function noSection({ file, number, line }: Position): Failure {
  return new Failure(
    'usage',
    `Cannot read "${file}": line ${number}, ${JSON.stringify(line)}, is before the first section`,
    { hint: 'Put it below a line such as [buildout].' },
  );
}
