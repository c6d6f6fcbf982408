import type { Site } from '../../config/model/site.ts';
import { finishRestore } from '../../operations/restore/held-site.ts';
import { keptBy } from '../../operations/restore/journal/journal-record.ts';
import { discardReplaced, planSiteDiscard } from '../../operations/restore/undo-restore.ts';
import { shownOn } from '../render/events.ts';
import type { JsonRestore } from '../render/json/results/restore.ts';
import { printable } from '../terminal/printable.ts';
import { ask, questionOf } from '../terminal/question.ts';
import type { CommandContext } from '../terminal/run-command.ts';
import type { How } from './undo-restore.ts';

/** Removes what the last restore of a site replaced and kept, or says what that would be. */
export async function discardOld(
  site: Site,
  { isDry, asks, context, waitSeconds }: How,
): Promise<undefined> {
  const { terminal, signal, backups } = context;
  const job = { ...shownOn(terminal), signal, backups, waitSeconds };
  if (!isDry) await finishRestore(site, job);
  const agreed = await planSiteDiscard(site);
  const kept = keptBy(agreed);
  const result = terminal.document.result<JsonRestore>({
    ...{ action: 'discard-old', filestorages: [], blobs: [] },
    discarded: [...kept],
  });
  if (isDry) {
    result.outcome = 'planned';
    for (const path of kept) terminal.print(`It would remove ${path}`);
    return;
  }
  if (asks && (await agreeToDiscard(kept, context)) === 'no') {
    result.outcome = 'declined';
    return;
  }
  const paths = await discardReplaced({ site, agreed }, job);
  result.discarded = [...paths];
  result.outcome = 'done';
  terminal.log('Removed what the last restore had replaced.');
}

async function agreeToDiscard(
  paths: readonly string[],
  context: CommandContext,
): Promise<'yes' | 'no'> {
  const { terminal } = context;
  const { write } = questionOf(terminal);
  write('This will remove what the last restore replaced; it cannot be undone then:\n');
  for (const path of paths) write(`    ${printable(path)}\n`);
  const answer = await ask('remove what the last restore replaced', context);
  if (answer === 'no') terminal.log('Nothing was removed.');
  return answer;
}
