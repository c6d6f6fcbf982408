import { formatBytes, formatUtcTime } from '../format/units.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { JsonFilestorage, JsonRestore } from './json/results/restore.ts';

/** Shows what a restore would do. */
export function showRestorePlan(
  { filestorages, blobs }: Pick<JsonRestore, 'filestorages' | 'blobs'>,
  terminal: Terminal,
): void {
  for (const one of filestorages) showFilestorage(one, terminal);
  for (const { target, replaces, fileNames = [] } of blobs) {
    terminal.print('Restore the blobs from:');
    for (const name of fileNames) terminal.print(`    ${name}`);
    terminal.print(`${replaces ? 'It would replace' : 'It would make'} ${target}`);
  }
}

function showFilestorage(
  { stamp, moment, target, replaces, sizeBytes, hadBytes, fileNames = [] }: JsonFilestorage,
  terminal: Terminal,
): void {
  const size = sizeBytes === undefined ? 'of unknown size' : `of ${formatBytes(sizeBytes)}`;
  const from = fileNames.length === 0 ? '' : ', from:';
  terminal.print(
    `Restore the Data.fs of ${moment === undefined ? stamp : `${moment.tid} of ${formatUtcTime(moment.time)}`} (UTC), ${size}${from}`,
  );
  for (const name of fileNames) terminal.print(`    ${name}`);
  if (hadBytes === 0) {
    terminal.print(`${replaces ? 'It would replace' : 'It would make'} ${target}`);
    return;
  }
  const had = `${target}, an earlier state of it of ${formatBytes(hadBytes)}`;
  terminal.print(
    fileNames.length === 0
      ? `It would append nothing: ${target} is that state already`
      : `It would append ${formatBytes((sizeBytes ?? hadBytes) - hadBytes)} to ${had}; that cannot be undone`,
  );
}
