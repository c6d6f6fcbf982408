import { describe, expect, it } from 'vitest';
import type { ScheduledJob } from './scheduled-job.ts';
import { formatUnits, isUnitName, unitOwner } from './systemd-units.ts';

const JOB: ScheduledJob = {
  kind: 'verify',
  owner: { folder: '/srv/my site', part: 'backup' },
  argv: ['/usr/bin/node', '/opt/main.js', 'verify', '-q'],
  searchPath: undefined,
  user: undefined,
  environment: {},
  time: { hour: 4, minute: 7 },
  rhythm: { kind: 'weekly', day: 0 },
};

describe('service', () => {
  it('runs its command once, with what systemd would replace written twice', () => {
    const argv = ['/opt/100%/node', '/a "b"\\c', '$HOME', 'é'];
    const { service } = formatUnits({
      ...JOB,
      argv,
      searchPath: '/usr/bin:/100%',
      environment: { A: 'b c%' },
    });
    expect(service.content.split('\n').slice(4)).toEqual([
      '[Service]',
      'Type=oneshot',
      'Environment=PATH=/usr/bin:/100%%',
      'Environment="A=b c%%"',
      'ExecStart=/opt/100%%/node "/a \\"b\\"\\\\c" $$HOME "é"',
      '',
    ]);
  });

  it('starts a program by way of the shell where systemd takes no such path', () => {
    const { service } = formatUnits({ ...JOB, argv: [`/it's $1/bin/backup`, '-q'] });
    expect(service.content).toContain(
      `ExecStart=/bin/sh -c "exec \\"$$0\\" \\"$$@\\"" "/it's $$1/bin/backup" -q\n`,
    );
  });

  it('is refused with a line end in a word', () => {
    expect(() => formatUnits({ ...JOB, argv: ['/a\nb'] })).toThrow('it holds a line end');
  });
});

describe('timer', () => {
  it('says when, and catches up on what was missed', () => {
    const { timer } = formatUnits(JOB);
    expect(timer.content.split('\n').slice(1)).toEqual([
      '[Unit]',
      'Description=zodbvault: verify the backups of "/srv/my site" [backup]',
      '',
      '[Timer]',
      'OnCalendar=Sun *-*-* 04:07:00',
      'Persistent=true',
      'RandomizedDelaySec=300',
      '',
      '[Install]',
      'WantedBy=timers.target',
      '',
    ]);
    const daily = formatUnits({ ...JOB, rhythm: { kind: 'daily' } });
    expect(daily.timer.content).toContain('OnCalendar=*-*-* 04:07:00\n');
  });

  it('has the name of its service, which no other site has, and tells its owner', () => {
    const { timer, service } = formatUnits(JOB);
    expect(timer.name).toMatch(/^zodbvault-verify-my_site-backup-[0-9a-f]{8}\.timer$/);
    expect(service.name).toBe(timer.name.replace('.timer', '.service'));
    const elsewhere = { ...JOB, owner: { ...JOB.owner, folder: '/home/my site' } };
    expect(formatUnits(elsewhere).timer.name).not.toBe(timer.name);
    for (const { name, content } of [timer, service]) {
      expect(isUnitName(name)).toBe(true);
      expect(unitOwner(content)).toEqual(JOB.owner);
    }
    expect(unitOwner('[Unit]\nDescription=x\n')).toBeUndefined();
  });
});
