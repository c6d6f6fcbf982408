/**
 * Installs the wheel in new environments, by pip and, where it is installed, by uv, and tries what is there then.
 * No index is asked.
 *
 * Usage: npm run smoke:wheel
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tryExecutable } from './try-executable.ts';

const BUILD = join(import.meta.dirname, '../build');

const folder = mkdtempSync(join(tmpdir(), 'zodbvault-wheel-'));
try {
  const wheel = join(BUILD, readdirSync(BUILD).find((name) => name.endsWith('.whl')) ?? '');
  await installByPip(wheel, join(folder, 'pip'));
  if (spawnSync('uv', ['--version']).status === 0) installByUv(wheel, join(folder, 'uv'));
  else process.stdout.write('There is no uv here.\n');
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function installByPip(wheel: string, environment: string): Promise<void> {
  const pip = join(environment, 'bin/pip');
  const executable = join(environment, 'bin/zodbvault');
  run('python3', ['-m', 'venv', environment]);
  run(pip, ['install', '--no-index', wheel]);
  run(pip, ['check']);
  await tryExecutable(executable);
  warnsInCache(executable, join(folder, 'cache'));
  run(pip, ['uninstall', '--yes', 'zodbvault']);
  const left = readdirSync(join(environment, 'bin')).filter((name) => name.includes('zodbvault'));
  if (left.length > 0) throw new Error(`pip left ${left.join(', ')}`);
  process.stdout.write('The wheel works in an environment that pip has made.\n');
}

function installByUv(wheel: string, cache: string): void {
  const uv = ['--offline', '--cache-dir', cache];
  run('uv', ['tool', 'run', ...uv, '--from', wheel, 'zodbvault', '--version']);
  run('uv', ['venv', ...uv, join(cache, 'environment')]);
  run('uv', ['pip', 'install', ...uv, '--python', join(cache, 'environment'), wheel]);
  run(join(cache, 'environment/bin/zodbvault'), ['--version']);
  process.stdout.write('The wheel works in environments that uv has made.\n');
}

/** uvx runs it from a cache of this form, where no schedule may expect it. */
function warnsInCache(executable: string, cache: string): void {
  const bin = join(cache, 'archive-v0/5f2c/bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(cache, 'CACHEDIR.TAG'), 'Signature: 8a477f597d28d172789f06886806bc55\n');
  linkSync(executable, join(bin, 'zodbvault'));
  const run = (words: readonly string[], cwd: string) => {
    const env = { PATH: `${bin}:${process.env['PATH']}` };
    const { stdout, stderr } = spawnSync('zodbvault', words, { cwd, env, encoding: 'utf8' });
    return stdout + stderr;
  };
  const demo = run(['demo'], cache);
  const schedule = run(['schedule'], join(cache, 'zodbvault-demo'));
  if (demo.includes(`\n  ${bin}/zodbvault list\n`) && /which uv may remove/.test(schedule)) return;
  throw new Error(`in a cache, it says: ${demo}${schedule}`);
}

function run(program: string, words: readonly string[]): void {
  execFileSync(program, words, { stdio: ['ignore', 'ignore', 'inherit'] });
}
