import { Argument, type Command, Help } from '@commander-js/extra-typings';
import { closest, distance } from 'fastest-levenshtein';
import { exitStatusOf, Failure, type FailureCode } from '../../../system/failure.ts';
import { formatTable } from '../../format/table.ts';
import { withOutputOptions } from '../../options/common-options.ts';
import { EXPLANATIONS, FAILURE_CODES } from '../../reference/error-explanations.ts';
import type { ExplainResult } from '../../render/json/results/explain.ts';
import { runCommand } from '../../terminal/run-command.ts';

/** Letters that may be wrong, missing or too many. */
const MOST_TYPOS = 3;
/** Characters of a line, at the most. */
const WIDTH = 80;

export function addExplainCommand(program: Command): void {
  const command = program
    .command('explain')
    .addArgument(
      new Argument('[code]', 'the code of an error').choices(FAILURE_CODES).argParser(String),
    );
  withOutputOptions(command).action((written, options) =>
    runCommand({ ...options, command }, async ({ terminal, signal }) => {
      const result = terminal.document.result<ExplainResult>({ explanations: [] });
      const code = written === undefined ? undefined : parseCode(written);
      for (const one of code === undefined ? FAILURE_CODES : [code]) {
        const { remedies, ...more } = EXPLANATIONS[one];
        const exitStatus = exitStatusOf(one);
        result.explanations.push({ code: one, exitStatus, ...more, remedies: [...remedies] });
      }
      terminal.print(code === undefined ? await listOfCodes(signal) : explain(code));
      return undefined;
    }),
  );
}

/** The code that was written; otherwise the nearest is suggested. */
function parseCode(text: string): FailureCode {
  const code = FAILURE_CODES.find((one) => one === text.toLowerCase());
  if (code !== undefined) return code;
  const nearest = closest(text.toLowerCase(), [...FAILURE_CODES]);
  const isLikely = distance(text.toLowerCase(), nearest) <= MOST_TYPOS;
  const question = isLikely ? `Did you mean "${nearest}"? ` : '';
  throw new Failure('usage', `Cannot explain "${text}": there is no such code`, {
    hint: `${question}The codes are ${FAILURE_CODES.join(', ')}; "zodbvault explain" says what each means.`,
  });
}

function listOfCodes(signal: AbortSignal): Promise<string> {
  const rows = FAILURE_CODES.map((code) => [
    code,
    String(exitStatusOf(code)),
    EXPLANATIONS[code].summary,
  ]);
  return formatTable({ head: ['Code', 'Exit status', 'Meaning'], rows }, signal);
}

function explain(code: FailureCode): string {
  const { summary, meaning, remedies } = EXPLANATIONS[code];
  return [
    `${code}: ${summary} (exit status ${exitStatusOf(code)})`,
    wrap(meaning, ''),
    remedies.map((remedy) => `- ${wrap(remedy, '  ')}`).join('\n'),
  ].join('\n\n');
}

/** Lines of a paragraph, the second and all after it indented. */
function wrap(text: string, indentation: string): string {
  const quoted = text.replaceAll('`', '"');
  const width = WIDTH - indentation.length;
  return new Help().boxWrap(quoted, width).replaceAll('\n', `\n${indentation}`);
}
