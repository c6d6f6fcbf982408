import { findServers } from '../../operations/restore/held-site.ts';
import type { SiteRestoreSettings } from '../../operations/restore/site-restore-plan.ts';
import { renderWarning } from '../render/warnings/sentence.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Says which servers hold the Data.fs files that a restore would replace. */
export async function noteServers(
  { site, heldLock }: Pick<SiteRestoreSettings, 'site' | 'heldLock'>,
  terminal: Terminal,
): Promise<void> {
  for (const server of await findServers(site)) {
    renderWarning({ kind: 'notice', code: 'server-holds', heldLock, ...server }, terminal);
  }
}
