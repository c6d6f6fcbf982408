import { refuseHeldSite } from '../../operations/restore/held-site.ts';
import type { SiteRestoreSettings } from '../../operations/restore/site-restore-plan.ts';
import { planSiteUndo, undoSiteRestore } from '../../operations/restore/undo-restore.ts';
import { formatUtcTime } from '../format/units.ts';
import type { Waiting } from '../options/common-options.ts';
import { shownOn } from '../render/events.ts';
import type { JsonRestore } from '../render/json/results/restore.ts';
import { agreeToReplace } from '../terminal/question.ts';
import type { CommandContext } from '../terminal/run-command.ts';
import { noteServers } from './note-servers.ts';

/** How something is done to a live site. */
export interface How extends Waiting {
  readonly isDry: boolean;
  readonly asks: boolean;
  readonly context: CommandContext;
}

export interface Undoing extends How {
  /** The line that undoes it. */
  readonly undoing: string;
}

/** Swaps back what the last restore of a site replaced, or says what that would be. */
export async function undoRestore(
  { site, heldLock }: Pick<SiteRestoreSettings, 'site' | 'heldLock'>,
  { isDry, asks, waitSeconds, context, undoing }: Undoing,
): Promise<undefined> {
  const { terminal, signal, backups } = context;
  const agreed = await planSiteUndo(site);
  const { restored, at, steps } = agreed;
  const paths = [...new Set(steps.map(({ path }) => path))];
  const live = steps.filter(({ kind }) => kind !== 'cache');
  const removed = live.filter(({ kept }) => kept === null).map(({ path }) => path);
  const moment = formatUtcTime(at);
  terminal.log(`Undoing the restore at ${moment} (UTC) of ${restored}`);
  const result = terminal.document.result<JsonRestore>({
    ...{ action: 'undo', filestorages: [], blobs: [] },
    undo: { restored, time: at, paths, removed },
  });
  if (isDry) {
    result.outcome = 'planned';
    for (const path of paths) {
      terminal.print(
        removed.includes(path)
          ? `It would remove ${path}, which did not exist before the restore`
          : `It would swap back ${path}`,
      );
    }
    await noteServers({ site, heldLock }, terminal);
    return;
  }
  const pathsOf = (...kinds: readonly string[]) =>
    live
      .filter(({ kind, path }) => kinds.includes(kind) && !removed.includes(path))
      .map(({ path }) => path);
  const filestorages = pathsOf('file');
  const blobstorages = pathsOf('directory', 'contents');
  const replaced = { filestorages, blobstorages, removed };
  const isAsked = asks && filestorages.length + blobstorages.length + removed.length > 0;
  const settings = { site, heldLock, now: () => new Date() };
  const job = { ...shownOn(terminal), signal, backups, waitSeconds };
  if (isAsked) {
    await refuseHeldSite(settings, job);
    if ((await agreeToReplace(replaced, { doing: 'undo the restore', context })) === 'no') {
      result.outcome = 'declined';
      return;
    }
  }
  await undoSiteRestore({ ...settings, agreed }, job);
  result.outcome = 'done';
  for (const path of removed) terminal.log(`Removed ${path}, which did not exist before`);
  terminal.log('Swapped back. The files of the restore are kept. To swap again:');
  terminal.log(`    ${undoing}`);
}
