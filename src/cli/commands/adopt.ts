import { resolve } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import { type AdoptedBlobs, type AdoptedRepository, adopt } from '../../operations/verify/adopt.ts';
import { count } from '../format/units.ts';
import { OPTION, secondsToWait, withOutputOptions } from '../options/common-options.ts';
import { goingOnWith } from '../options/next-command.ts';
import { describeDeepFinding } from '../render/deep-findings.ts';
import { shownOn } from '../render/events.ts';
import {
  type AdoptResult,
  blobFolderAsJson,
  repositoryAsJson,
} from '../render/json/results/adopt.ts';
import { describeNamedProblem } from '../render/problems.ts';
import { runCommand } from '../terminal/run-command.ts';
import type { Terminal } from '../terminal/terminal.ts';

export function addAdoptCommand(program: Command): void {
  const command = program
    .command('adopt')
    .argument('<folder>', 'the folder with the backups, or the one above it')
    .addOption(OPTION.wait)
    .addOption(OPTION.dryRun);
  withOutputOptions(command).action((folder, options) =>
    runCommand({ ...options, command }, async ({ terminal, signal, backups }) => {
      const result = terminal.document.result<AdoptResult>({ repositories: [], blobFolders: [] });
      const mode = options.dryRun ? 'look' : 'keep';
      const { repositories, blobs } = await adopt(
        { folder: resolve(folder), mode, random: Math.random, now: () => new Date() },
        {
          ...shownOn(terminal),
          signal,
          backups,
          waitSeconds: secondsToWait(options.wait),
        },
      );
      result.outcome = mode === 'look' ? 'planned' : 'done';
      result.repositories = repositories.map(repositoryAsJson);
      result.blobFolders = blobs.map(blobFolderAsJson);
      for (const repository of repositories) {
        tellRepository(repository, { mode, terminal });
        // What is not whole is a matter to look into first.
        if (mode === 'look' || terminal.isJson || !isWhole(repository)) continue;
        const { command, blank } = await goingOnWith(repository, {
          found: blobs,
          terminal,
          backups,
        });
        const first = blank === undefined ? '' : `, when you have put in ${blank}`;
        terminal.log(`  Go on${first}: ${command}`);
      }
      for (const one of blobs) tellBlobs(one, terminal);
      if (repositories.every(isWhole)) return undefined;
      return 1;
    }),
  );
}

function isWhole({ problems, findings }: AdoptedRepository): boolean {
  return problems.length + findings.length === 0;
}

function tellRepository(
  repository: AdoptedRepository,
  { mode, terminal }: { readonly mode: 'look' | 'keep'; readonly terminal: Terminal },
): void {
  const { path, files, fulls, oldest, newest, recorded, problems, findings, blobs } = repository;
  const increments = files.length - fulls;
  terminal.print(
    `${path}: ${count(fulls, 'full backup')}, ${count(increments, 'increment')}, ${oldest} to ${newest} (UTC)`,
  );
  if (blobs.kind === 'found') terminal.print(`  its blob backups: ${blobs.place.folder}`);
  if (blobs.kind === 'unclear') {
    const folders = blobs.places.map(({ folder }) => folder).join(' or ');
    terminal.print(`  its blob backups may be in ${folders}; zodbvault did not check them`);
  }
  for (const problem of problems) terminal.print(`  not whole: ${describeNamedProblem(problem)}`);
  for (const finding of findings) terminal.print(`  in ${newest}: ${describeDeepFinding(finding)}`);
  if (isWhole(repository))
    terminal.print('  whole: every byte has its checksum, and the newest state its objects');
  const had = files.length - recorded.length;
  const done = mode === 'look' ? 'would be adopted' : 'adopted';
  if (recorded.length > 0) terminal.print(`  ${done}: ${count(recorded.length, 'file')}`);
  else if (problems.length === 0) terminal.print(`  nothing to adopt: all ${had} have records`);
}

function tellBlobs({ path, base, entries, known }: AdoptedBlobs, terminal: Terminal): void {
  terminal.print(
    `${path}: ${count(entries.length, 'blob backup')} of "${base}", ${known} of them made by zodbvault`,
  );
}
