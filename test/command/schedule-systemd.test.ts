import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findProgram } from '../../src/system/processes/programs.ts';
import { dataFilesIn, namesIn, newBuildoutSite, recipeCfg } from '../support/buildout-site.ts';
import { COMMAND, runProgram } from '../support/command.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();
const MANAGER = '/lib/systemd/systemd';
const canRunSystemd =
  process.getuid?.() === 0 &&
  (await findProgram('systemctl')) !== undefined &&
  (await findProgram('unshare')) !== undefined;

/** How {@link WITH_SYSTEMD} ends where the kernel lets no systemd run: without control groups of its own. */
const NO_SYSTEMD = 77;

/**
 * Runs a user's systemd in a `/run` of its own, so that nothing else here believes that the machine
 * runs it, and the words that it is given as a command.
 */
const WITH_SYSTEMD = `#!/bin/sh
set -e
mount -t tmpfs none /run
mkdir -p /run/systemd/system /run/user
export XDG_RUNTIME_DIR=/run/user
${MANAGER} --user 2>"$SCRATCH/systemd.log" &
manager=$!
for turn in $(seq 200); do
    systemctl --user is-active --quiet timers.target 2>/dev/null && break
    sleep 0.1
done
systemctl --user is-active --quiet timers.target || { kill $manager || true; exit ${NO_SYSTEMD}; }
status=0
"$@" || status=$?
kill $manager
wait $manager || true
exit $status
`;

describe('schedule with the real systemd', () => {
  it.skipIf(!canRunSystemd)(
    'enables timers, whose service makes a backup, and removes them (needs systemd, unshare, root)',
    { timeout: 90_000 },
    async () => {
      const site = await newBuildoutSite(scratch, recipeCfg(['blob_storage = var/blobstorage']));
      const withSystemd = join(scratch, 'with-systemd');
      writeFileSync(withSystemd, WITH_SYSTEMD);
      chmodSync(withSystemd, 0o755);
      const zodbvault = `"${process.execPath}" "${COMMAND}"`;
      const timers = 'systemctl --user list-timers --all --no-legend --no-pager';
      const script = [
        'set -e',
        `${zodbvault} schedule --systemd user --install`,
        'echo "== timers"',
        timers,
        `service=$(${timers} | grep -o "zodbvault-backup-[^ ]*[.]service")`,
        'systemctl --user start "$service"',
        'echo "== result"',
        'systemctl --user show -P Result "$service"',
        `${zodbvault} schedule --systemd user --remove`,
        'echo "== left"',
        timers,
      ].join('\n');
      const words = ['--mount', withSystemd, 'sh', '-c', script];
      const { status, stdout, stderr } = await runProgram('unshare', words, {
        cwd: site.folder,
        env: { SCRATCH: scratch, XDG_CONFIG_HOME: join(scratch, 'config') },
      });
      if (status === NO_SYSTEMD) {
        console.warn('systemd is installed, but can not be started here: it was not tested');
        return;
      }
      expect([status, stderr]).toEqual([0, expect.stringContaining('enable --now')]);
      const [, timersText = '', result = '', left = ''] = stdout.split(/^== \w+\n/m);
      expect(timersText.match(/zodbvault-(backup|verify)-\S+\.timer/g)).toHaveLength(2);
      expect(result).toBe('success\n');
      expect(left).not.toContain('zodbvault');
      expect(dataFilesIn(site.path('var/backups'))).toHaveLength(1);
      expect(namesIn(site.path('var/blobstoragebackups'))).toContain('latest');
    },
  );
});
