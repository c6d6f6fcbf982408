import type { BackupKind, Site } from '../../config/model/site.ts';
import {
  type FoundTransaction,
  findTransaction,
  type LogLine,
  nameOfMatch,
  type TransactionMatch,
} from '../../operations/inspect/find-transaction.ts';
import type { JobContext } from '../../operations/run/events.ts';
import { parseTransactionMoment, type RestoreTarget } from '../../repository/restore-target.ts';
import { Failure } from '../../system/failure.ts';
import { oneLineWithin } from '../format/one-line.ts';
import { formatUtcTime } from '../format/units.ts';
import { printable } from '../terminal/printable.ts';
import { questionOf } from '../terminal/question.ts';
import type { Terminal } from '../terminal/terminal.ts';

/**
 * The moment before the newest transaction that matches, shown with those around it. Failure `refused` where nobody is
 * asked, and several match.
 */
export async function momentBefore(
  site: Site,
  {
    kind,
    match,
    asks,
    terminal,
    context,
  }: {
    readonly kind: BackupKind;
    readonly match: TransactionMatch;
    readonly asks: boolean;
    readonly terminal: Terminal;
    readonly context: JobContext;
  },
): Promise<RestoreTarget> {
  const found = await findTransaction(site, { kind, match, context });
  const isHidden = terminal.verbosity === 'quiet' || terminal.isJson;
  const { write } = questionOf(terminal);
  const say = asks && isHidden ? (line: string) => write(`${printable(line)}\n`) : terminal.log;
  for (const line of linesOf(found, match)) say(line);
  if (!asks && found.matches > 1) throw severalFit(found, match);
  const moment = parseTransactionMoment(`before ${found.line.tid}`);
  if (moment === undefined) throw new RangeError('a tid names a moment');
  return { kind: 'moment', moment, chain: undefined, isExact: false };
}

function* linesOf({ line, around, matches }: FoundTransaction, match: TransactionMatch) {
  const others = matches > 1 ? `, the newest of ${matches}` : '';
  yield `Before the transaction ${nameOfMatch(match)}${others}:`;
  for (const one of around) yield `  ${one === line ? '>' : ' '} ${textOf(one)}`;
}

function textOf({ tid, time, user, description }: LogLine): string {
  const words = [oneLineWithin(user.trim(), 30), oneLineWithin(description.trim(), 60)];
  return [formatUtcTime(time), tid, ...words].filter((word) => word !== '').join('  ');
}

function severalFit({ line, matches }: FoundTransaction, match: TransactionMatch): Failure {
  return new Failure(
    'refused',
    `Cannot tell which transaction ${nameOfMatch(match)} is meant: ${matches} fit`,
    {
      hint: `Nothing was changed. Leave out --no-prompt to be asked, or name the moment: "before ${line.tid}" is the newest.`,
    },
  );
}
