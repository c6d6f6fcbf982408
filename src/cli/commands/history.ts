import type { Command } from '@commander-js/extra-typings';
import type { Site } from '../../config/model/site.ts';
import { type JudgedRun, judgeRuns } from '../../operations/inspect/judged-runs.ts';
import { type PastRun, readHistory } from '../../operations/run/past-runs.ts';
import { eachInTurn } from '../../system/streams/cooperative.ts';
import { oneLine } from '../format/one-line.ts';
import { nameOfRun } from '../format/record-words.ts';
import { printTable, type Table } from '../format/table.ts';
import { formatBytes, formatSeconds, formatUtcTime } from '../format/units.ts';
import { wholeNumber, withOutputOptions } from '../options/common-options.ts';
import { inEachSite } from '../options/for-each-site.ts';
import { IDENTITY_OPTION } from '../options/identity-files.ts';
import { type HistoryResult, runAsJson } from '../render/json/results/history.ts';
import { describeBadPoint } from '../render/judgements.ts';
import { FROM_OPTION, VERSIONS_OPTION } from '../select/copied-sites.ts';
import {
  ALL_OF_COPY,
  ANY_KIND_OPTION,
  findEachSite,
  withSiteOptions,
} from '../select/site-options.ts';
import { runCommand } from '../terminal/run-command.ts';

/** Runs that are shown where nobody says how many. */
const SHOWN = 20;

export function addHistoryCommand(program: Command): void {
  const command = withSiteOptions(program.command('history'))
    .addOption(FROM_OPTION)
    .addOption(VERSIONS_OPTION)
    .addOption(IDENTITY_OPTION)
    .addOption(ANY_KIND_OPTION)
    .option(
      '--last <number>',
      'show this many runs, the newest first',
      wholeNumber({ minimum: 1, maximum: 999_999 }),
      SHOWN,
    );
  withOutputOptions(command).action((options) =>
    runCommand({ ...options, command }, async (context) => {
      const { terminal, signal, backups } = context;
      const how = { kind: options.kind, backups };
      const result = terminal.document.result<HistoryResult>({ runs: [] });
      const wanted = { ...ALL_OF_COPY, isOverview: true } as const;
      const finding = { terminal, purpose: 'look', backups, wanted } as const;
      const selected = await findEachSite(options, finding);
      const { sites } = selected;
      const showOne = async (site: Site) => {
        const runs = (await readHistory(site, how)).slice(0, options.last);
        const judged = await judgeRuns(runs, { site, ...how });
        if (terminal.isJson) {
          await eachInTurn(judged, (one) => void result.runs.push(runAsJson(one)), signal);
        }
        if (sites.length > 1) terminal.print(`[${site.part}]`);
        if (runs.length === 0) terminal.log('No run has been logged yet');
        else if (!terminal.isJson) {
          const emphasis = { bad: ['failed', 'killed'] };
          await printTable(tableOf(judged), { terminal, emphasis, signal });
        }
        return undefined;
      };
      return await inEachSite(selected, { context, work: showOne, absence: 'warning' });
    }),
  );
}

function tableOf(runs: readonly JudgedRun[]): Table {
  const rows = function* () {
    for (const one of runs) yield rowOf(one);
  };
  const head = ['Begun (UTC)', 'Run', 'Took', 'Read', 'Stored', 'Blobs', 'Result', ''];
  const alignment = ['left', 'left', 'right', 'right', 'right', 'right', 'left', 'left'] as const;
  return { head, alignment, rows: rows() };
}

function rowOf({ run, against }: JudgedRun): readonly string[] {
  return [
    formatUtcTime(run.begun),
    nameOfRun(run),
    hasEnded(run) ? formatSeconds(run.seconds) : '',
    run.readBytes > 0 ? formatBytes(run.readBytes) : '',
    run.storedBytes > 0 ? formatBytes(run.storedBytes) : '',
    run.blobBytes > 0 ? formatBytes(run.blobBytes) : '',
    describeResult(run),
    oneLine([run.message ?? [], run.warned ?? [], against.map(describeBadPoint)].flat().join('; ')),
  ];
}

/** Where the code says more than the result: `failed (program)`. */
function describeResult({ result, code }: PastRun): string {
  return code === undefined || code === result ? result : `${result} (${oneLine(code)})`;
}

/** Nobody knows how long one took that was killed. */
function hasEnded({ result }: PastRun): boolean {
  return result !== 'running' && result !== 'killed';
}
