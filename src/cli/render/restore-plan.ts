import type { Forward } from '../../operations/restore/apply-restore.ts';
import type { RestorePlan } from '../../operations/restore/restore-plan.ts';
import type { SiteRestorePlan } from '../../operations/restore/site-restore-plan.ts';
import { formatBytes } from '../format/units.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Shows what a restore would do. */
export function showRestorePlan(
  { filestorages, blobs }: SiteRestorePlan,
  { forward, terminal }: { readonly forward: readonly Forward[]; readonly terminal: Terminal },
): void {
  for (const one of filestorages) {
    const ahead = forward.find(({ of }) => of === one);
    showFilestorage(one.plan, { headStart: ahead?.headStart, terminal });
  }
  for (const { plan } of blobs) {
    const { choice, target, replaces } = plan;
    const files =
      choice.kind === 'archives' ? choice.chain.map(({ name }) => name) : [choice.entry.name];
    terminal.printJson({ plan: { blobs: choice.entry.name, target, replaces, files } });
    terminal.print('Restore the blobs from:');
    for (const name of files) terminal.print(`    ${name}`);
    terminal.print(`${replaces ? 'It would replace' : 'It would make'} ${target}`);
  }
}

function showFilestorage(
  { point, target, replaces: isThere }: RestorePlan,
  {
    headStart,
    terminal,
  }: { readonly headStart: Forward['headStart'] | undefined; readonly terminal: Terminal },
): void {
  const { end: sizeBytes } = point;
  const replaces = isThere && headStart === undefined;
  const files =
    headStart === undefined
      ? point.files.map(({ name }) => name)
      : headStart.rest.map(({ file }) => file.name);
  const hadBytes = headStart?.sizeBytes ?? 0;
  terminal.printJson({
    plan: { stamp: point.stamp, target, replaces, sizeBytes, hadBytes, files },
  });
  const size = sizeBytes === undefined ? 'of unknown size' : `of ${formatBytes(sizeBytes)}`;
  const from = files.length === 0 ? '' : ', from:';
  terminal.print(`Restore the Data.fs of ${point.stamp} (UTC), ${size}${from}`);
  for (const name of files) terminal.print(`    ${name}`);
  if (headStart === undefined) {
    terminal.print(`${replaces ? 'It would replace' : 'It would make'} ${target}`);
    return;
  }
  const had = `${target}, an earlier state of it of ${formatBytes(hadBytes)}`;
  const newBytes = (headStart.rest.at(-1)?.range.end ?? hadBytes) - hadBytes;
  terminal.print(
    files.length === 0
      ? `It would append nothing: ${target} is that state already`
      : `It would append ${formatBytes(newBytes)} to ${had}; that can not be undone`,
  );
}
