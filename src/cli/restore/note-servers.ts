import { findServers } from '../../operations/restore/held-site.ts';
import type { SiteRestoreSettings } from '../../operations/restore/site-restore-plan.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Says which servers hold the Data.fs files that a restore would replace. */
export async function noteServers(
  { site, heldLock }: Pick<SiteRestoreSettings, 'site' | 'heldLock'>,
  terminal: Terminal,
): Promise<void> {
  for (const { path, pid } of await findServers(site)) {
    const who = pid === undefined ? 'a server' : `a server, the process ${pid},`;
    const so =
      heldLock === 'refuse'
        ? 'the restore would stop there; end Zope or ZEO first'
        : 'restart it after the restore';
    terminal.notice(`${who} holds "${path}": ${so}`);
  }
}
