import type { Command } from '@commander-js/extra-typings';
import { transactionsOfPath } from '../../operations/content/transactions-of-path.ts';
import {
  type LoggedTransaction,
  readTransactionLog,
  type TransactionLog,
} from '../../operations/inspect/transaction-log.ts';
import { Failure } from '../../system/failure.ts';
import { eachInTurn } from '../../system/streams/cooperative.ts';
import { oneLineWithin } from '../format/one-line.ts';
import { printTable } from '../format/table.ts';
import { count, formatCount, formatUtcTime } from '../format/units.ts';
import { wholeNumber, withOutputOptions } from '../options/common-options.ts';
import { IDENTITY_OPTION } from '../options/identity-files.ts';
import { namedDataFs } from '../options/named-data-fs.ts';
import {
  findRepositories,
  inEachRepository,
  STORAGE_OPTION,
} from '../options/selected-repositories.ts';
import { CHAIN_OPTION, MOMENT_FORMS, readEdge, readTarget } from '../options/written-date.ts';
import { shownOn } from '../render/events.ts';
import {
  type JsonTransaction,
  type LogResult,
  transactionAsJson,
} from '../render/json/results/log.ts';
import { FROM_OPTION } from '../select/copied-sites.ts';
import { SOURCE_KIND_OPTION, withSiteOptions } from '../select/site-options.ts';
import { runCommand } from '../terminal/run-command.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Transactions that are shown where nobody says how many. */
const SHOWN = 20;
/** Most characters of a user, a description, the classes; a program that reads them gets them all. */
const WIDTHS = process.stdout.isTTY
  ? { user: 30, description: 50, classes: 60 }
  : { user: Infinity, description: Infinity, classes: Infinity };

export function addLogCommand(program: Command): void {
  const command = withSiteOptions(program.command('log'))
    .addOption(FROM_OPTION)
    .addOption(IDENTITY_OPTION)
    .argument('[point]', `a Data.fs, or a moment: ${MOMENT_FORMS}; default: the newest backup`)
    .addOption(CHAIN_OPTION)
    .addOption(SOURCE_KIND_OPTION)
    .addOption(STORAGE_OPTION)
    .option('--since <date>', 'only transactions since this moment: a date in the same forms')
    .option('--until <date>', 'only transactions before this moment')
    .option('--user <text>', 'only transactions whose user contains this text')
    .option(
      '--path <text>',
      'only transactions whose description contains this text, or that wrote the object at this path in Zope',
    )
    .option(
      '--limit <number>',
      'show at most this many',
      wholeNumber({ minimum: 1, maximum: 999_999 }),
      SHOWN,
    );
  withOutputOptions(command).action((point, options) =>
    runCommand({ ...options, command }, async (running) => {
      const { terminal, signal, backups } = running;
      const result = terminal.document.result<LogResult>({ transactions: [] });
      const { since, until, user, path, limit } = options;
      const filter = {
        since: since === undefined ? undefined : readEdge(since, { edge: 'start', terminal }),
        until: until === undefined ? undefined : readEdge(until, { edge: 'end', terminal }),
        user,
        path,
        anyway: new Set<never>(),
        limit,
      };
      const context = { ...shownOn(terminal), signal, backups };
      const dataFs = point === undefined ? undefined : await namedDataFs(point);
      if (dataFs !== undefined) {
        if (options.chain !== undefined) throw chainOfFile(dataFs);
        const log = await readTransactionLog({ kind: 'file', path: dataFs }, { filter, context });
        await showTransactions(log, {
          context,
          terminal,
          of: { dataFs },
          result,
          heading: undefined,
        });
        return undefined;
      }
      const target = readTarget(point, { terminal, chain: options.chain });
      const selected = await findRepositories(options, running);
      return await inEachRepository(selected, {
        context: running,
        work: async ({ site, place: { storage }, repository, name }) => {
          const source = { kind: 'point', repository, target } as const;
          const moment = { kind: 'target', target, backupKind: options.kind } as const;
          const ofPath = path?.startsWith('/')
            ? await transactionsOfPath({ site, storage, moment, context }, path)
            : undefined;
          const wanted = { filter: { ...filter, anyway: ofPath?.tids ?? filter.anyway }, context };
          const log = await readTransactionLog(source, wanted);
          const heading = selected.length > 1 ? name : undefined;
          const of = { site: site.part, storage, kind: options.kind };
          await showTransactions(log, { context, terminal, of, result, heading });
          if (ofPath?.wentWith !== undefined) {
            terminal.log(`"${path}" went with the transaction ${ofPath.wentWith}`);
          }
        },
      });
    }),
  );
}

function chainOfFile(path: string): Failure {
  return new Failure('usage', `Cannot use --chain with "${path}": it is a file, not a backup`, {
    hint: 'Leave out --chain, or name a moment in the place of the file.',
  });
}

async function showTransactions(
  { newest: transactions, count: all }: TransactionLog,
  {
    context: { signal },
    terminal,
    of,
    result,
    heading,
  }: {
    readonly context: { readonly signal: AbortSignal };
    readonly terminal: Terminal;
    /** What each is of, in JSON. */
    readonly of: Pick<JsonTransaction, 'site' | 'storage' | 'kind' | 'dataFs'>;
    readonly result: LogResult;
    readonly heading: string | undefined;
  },
): Promise<void> {
  if (terminal.isJson) {
    const add = (one: LoggedTransaction) =>
      void result.transactions.push({ ...of, ...transactionAsJson(one) });
    await eachInTurn(transactions, add, signal);
    return;
  }
  if (heading !== undefined) terminal.print(heading);
  if (transactions.length === 0) terminal.log('No transaction is like that');
  else {
    const head = ['Time (UTC)', 'Tid', 'User', 'Description', 'Objects', 'Classes'];
    const alignment = ['left', 'left', 'left', 'left', 'right', 'left'] as const;
    await printTable({ head, alignment, rows: rowsOf(transactions) }, { terminal, signal });
    const shown = transactions.length;
    if (all > shown)
      terminal.log(
        `These are the newest ${formatCount(shown)} of ${count(all, 'transaction')}. --limit ${all} shows all of them; --since, --until, --user and --path choose among them`,
      );
  }
}

function* rowsOf(transactions: readonly LoggedTransaction[]): Iterable<readonly string[]> {
  for (const { time, tid, user, description, objects, classes } of transactions) {
    const names = Object.entries(classes).map(([name, number]) => `${name} ${number}`);
    yield [
      formatUtcTime(time),
      tid,
      oneLineWithin(user, WIDTHS.user),
      oneLineWithin(description, WIDTHS.description),
      String(objects),
      oneLineWithin(names.join(', '), WIDTHS.classes),
    ];
  }
}
