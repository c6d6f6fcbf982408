import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type BuildoutSite, newBuildoutSite, recipeCfg } from '../support/buildout-site.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();
const NO_BLOBS = 'backup_blobs = false';
const SCRIPTS = ['backup', 'snapshotbackup', 'restore', 'snapshotrestore'];

const LISTED =
  'Warning: [backup]: the next bin/buildout puts back the scripts of the Python recipe, because "parts" of [buildout] lists "backup". Remove it from that list, run bin/buildout, and then "zodbvault install"\n';
const INSTALLED =
  'Warning: [backup]: the next bin/buildout removes these scripts once, because its last run made them. Run "zodbvault install" after it\n';
const ofRecipe = (site: BuildoutSite) =>
  `bin/buildout wrote ${site.path('bin/backup')} and 3 other scripts for the Python recipe; "zodbvault install" replaces them`;

/** What a run of bin/buildout with the recipe leaves behind. */
function runBuildout(site: BuildoutSite): void {
  mkdirSync(site.path('bin'), { recursive: true });
  for (const name of SCRIPTS) {
    writeFileSync(
      site.path('bin', name),
      '#!/site/bin/python\nimport sys\nimport collective.recipe.backup.main\n',
    );
  }
  const installed = [
    ...['[buildout]', 'parts = backup', '', '[backup]'],
    ...['__buildout_installed__ = ', ...SCRIPTS.map((name) => `\t${site.path('bin', name)}`)],
    ...['recipe = collective.recipe.backup', ''],
  ];
  writeFileSync(site.path('.installed.cfg'), installed.join('\n'));
}

describe('scripts of a part that buildout installs, too', () => {
  it('are said to be the recipe’s, before install and after the next bin/buildout', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    site.configure(recipeCfg([NO_BLOBS]));
    runBuildout(site);
    const before = await site.run(['config']);
    expect(before.stderr).toBe(`Note: [backup]: ${ofRecipe(site)}\n`);
    // Backups by whatever else are as good: monitoring has nothing to say.
    expect((await site.run(['backup'])).status).toBe(0);
    expect((await site.run(['check', '--free', 'off'])).status).toBe(0);

    expect((await site.install()).stderr).toContain(LISTED);
    for (const command of ['config', 'schedule']) {
      const { status, stderr } = await site.run([command]);
      expect([command, status, stderr]).toEqual([command, 0, LISTED]);
    }
    expect((await site.run(['check', '--free', 'off'])).status).toBe(0);

    runBuildout(site);
    for (const command of ['config', 'schedule']) {
      const { stderr } = await site.run([command]);
      expect([command, stderr]).toEqual([
        command,
        `${LISTED}Warning: [backup]: ${ofRecipe(site)}\n`,
      ]);
    }
    const { status, stdout } = await site.run(['check', '--free', 'off']);
    expect([status, stdout]).toEqual([
      1,
      expect.stringContaining(`ZODBVAULT WARNING - ${ofRecipe(site)}, backed up `),
    ]);
    await site.install();
    expect((await site.run(['check', '--free', 'off'])).status).toBe(0);
  });

  it('go once more where the part has left parts since the last bin/buildout', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    site.configure(recipeCfg([NO_BLOBS]).replace('parts = backup', 'parts ='));
    expect((await site.install()).stderr).not.toContain('bin/buildout');
    runBuildout(site);
    expect((await site.install()).stderr).toContain(INSTALLED);
    expect((await site.run(['config'])).stderr).toBe(INSTALLED);
    // Where buildout only takes a part away, it leaves its section, and adds the parts that it has now.
    appendFileSync(site.path('.installed.cfg'), '\n[buildout]\nparts = \n');
    expect((await site.install()).stderr).not.toContain('bin/buildout');
    writeFileSync(site.path('.installed.cfg'), 'broken');
    expect((await site.run(['config'])).stderr).toBe('');
  });

  it('are ours again where a later part runs install', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    const more = ['[scripts]', 'recipe = collective.recipe.cmd', 'cmds = zodbvault install -q'];
    site.configure(
      recipeCfg([NO_BLOBS], { more: more.join('\n') }).replace('backup', 'backup scripts'),
    );
    runBuildout(site);
    expect((await site.install('-q')).stderr).toBe('');
    expect((await site.run(['config'])).stderr).toBe('');
    // An earlier one is of no use.
    site.configure(
      recipeCfg([NO_BLOBS], { more: more.join('\n') }).replace('backup', 'scripts backup'),
    );
    expect((await site.run(['config'])).stderr).toBe(LISTED);
  });
});

describe('part of z3c.recipe.usercrontab', () => {
  const cron = (command: string) =>
    ['[cron]', 'recipe = z3c.recipe.usercrontab', 'times = 0 3 * * 0', `command = ${command}`].join(
      '\n',
    );
  const cfg = (lines: readonly string[], command: string) =>
    recipeCfg([NO_BLOBS, ...lines], { more: cron(command) }).replace(
      'parts = backup',
      'parts = cron',
    );

  it.each([
    [`\${buildout:bin-directory}/fullbackup -q`, 'fullbackup', 'enable_fullbackup = true'],
    [`cd \${buildout:directory} && bin/ziprestore`, 'ziprestore', 'enable_zipbackup = true'],
  ])('that runs %s, which nothing makes, is warned of', async (command, name, option) => {
    const site = await newBuildoutSite(scratch, undefined);
    site.configure(cfg([], command));
    const warning = `Warning: the part [cron] of the buildout runs ${site.path('bin', name)}, but no part makes that script; write ${option} into [backup], or correct the command\n`;
    expect((await site.install()).stderr).toContain(warning);
    expect((await site.run(['config'])).stderr).toBe(warning);
    if (name === 'fullbackup') {
      site.configure(cfg([option], command));
      expect((await site.install()).stderr).not.toContain('Warning');
      // What was wanted before goes with the next install.
      site.configure(cfg([], command));
      expect((await site.run(['config'])).stderr).toBe(warning);
      writeFileSync(site.path('bin', name), 'somebody else’s');
      expect((await site.run(['config'])).stderr).toBe('');
    }
  });
});
