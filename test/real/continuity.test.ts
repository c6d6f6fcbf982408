import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { lineReader } from '../support/line-reader.ts';
import { describeReal, programOf } from '../support/real-parts.ts';
import { scratchFolder } from '../support/scratch.ts';
import { siteIn, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();
const BACKUP = ['backup', '--keep', '1', '--no-blobs'];

describeReal('zodb', 'continuity under a server of the real ZODB', () => {
  it('is proved by Data.fs.old after each pack that leaves nothing of the backup before', async () => {
    const site = siteIn(join(scratch, 'old'));
    await using server = serve(site, 'keep-old');
    for (let day = 1; day <= 4; day += 1) {
      await server.tell('commit', 'pack');
      expect((await site.runWell(...BACKUP)).stderr).not.toMatch(/Note|Warning/);
      expect(site.dataFiles()).toHaveLength(1);
    }
  });

  it('is noted as unknown where no Data.fs.old is kept', async () => {
    const site = siteIn(join(scratch, 'none'));
    await using server = serve(site, 'keep-none');
    await server.tell('commit', 'pack');
    await site.runWell(...BACKUP);
    for (let day = 1; day <= 3; day += 1) {
      await server.tell('commit', 'pack');
      expect((await site.runWell(...BACKUP)).stderr).toContain('may lack the last transactions of');
      expect(site.dataFiles()).toHaveLength(2);
    }
  });

  it('a server that has lost its file is told of, and one that has packed it is not', async () => {
    const site = siteIn(join(scratch, 'lost'));
    await using server = serve(site, 'keep-old');
    await server.tell('commit');
    await site.runWell(...BACKUP);
    await server.tell('commit', 'pack');
    await site.runWell(...BACKUP);
    await server.tell('replace', 'commit');
    const { stderr } = await site.runWarned(...BACKUP);
    expect(stderr).toContain(`the process ${server.pid} is a server of "${site.dataFs}"`);
  });
});

interface Server extends AsyncDisposable {
  readonly pid: number | undefined;
  readonly tell: (...words: readonly string[]) => Promise<void>;
}

function serve({ dataFs }: TestSite, old: 'keep-old' | 'keep-none'): Server {
  mkdirSync(dirname(dataFs), { recursive: true });
  const program = join(import.meta.dirname, 'programs/serve_and_pack.py');
  const child = spawn(programOf('zodb', 'python'), [program, dataFs, old], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const next = lineReader(child);
  return {
    pid: child.pid,
    tell: async (...words) => {
      for (const word of words) {
        child.stdin.write(`${word}\n`);
        expect(await next()).toBe('done');
      }
    },
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      expect(await next()).toBeUndefined();
    },
  };
}
