import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { scratchFolder } from '../../../../test/support/scratch.ts';
import { makeKey } from '../../../../test/support/ssh-server.ts';
import { judgeHostKey, knownKeyTypes, parseKnownHosts } from './known-hosts.ts';

const scratch = scratchFolder();
const keys: Record<string, string> = {};

beforeAll(() => {
  for (const [name, type] of [
    ['one', 'ed25519'],
    ['other', 'ed25519'],
    ['ecdsa', 'ecdsa'],
    ['rsa', 'rsa'],
  ] as const) {
    const path = join(scratch, name);
    makeKey(path, type);
    keys[name] = readFileSync(`${path}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
  }
});

const keyOf = (name: string) => Buffer.from((keys[name] ?? '').split(' ')[1] ?? '', 'base64');

/** @param text - with the names of keys in braces */
function judge(text: string, key: string, host = 'backup.example.com', port = 22): string {
  const known = parseKnownHosts(filled(text), 'known_hosts');
  return judgeHostKey(known, { host, port }, keyOf(key)).kind;
}

function filled(text: string): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => keys[name] ?? '');
}

describe('key of a server', () => {
  it.each([
    ['', 'unknown'],
    ['backup.example.com {one}', 'known'],
    ['BACKUP.example.com {one} a comment', 'known'],
    ['other.example.com {one}', 'unknown'],
    ['*.example.com {one}', 'known'],
    ['backup.example.co? {one}', 'known'],
    ['backupXexample.com {one}', 'unknown'],
    ['10.0.0.1,backup.example.com {one}', 'known'],
    ['*.example.com,!backup.example.com {one}', 'unknown'],
    ['# backup.example.com {one}', 'unknown'],
    ['  backup.example.com   {one}  ', 'known'],
    ['backup.example.com {other}', 'changed'],
    ['backup.example.com {other}\nbackup.example.com {one}', 'known'],
    ['backup.example.com {rsa}', 'unknown'],
    ['@revoked backup.example.com {one}', 'revoked'],
    ['@revoked * {one}\nbackup.example.com {one}', 'revoked'],
    ['@revoked * {other}\nbackup.example.com {one}', 'known'],
    ['@cert-authority * {one}', 'unknown'],
    ['@unknown backup.example.com {one}', 'unknown'],
    ['backup.example.com ssh-ed25519 AAAA', 'unknown'],
    ['backup.example.com ssh-rsa {one}', 'unknown'],
    ['backup.example.com', 'unknown'],
    ['[backup.example.com]:2222 {one}', 'unknown'],
    ['|1|AAAA|BBBB {one}', 'unknown'],
  ])('with %j is %s', (text, kind) => {
    expect(judge(text, 'one')).toBe(kind);
  });

  it.each([
    ['[backup.example.com]:2222 {one}', 'known'],
    ['[backup.example.com]:2223 {one}', 'unknown'],
    // As ssh does where nothing is known with the port.
    ['backup.example.com {one}', 'known'],
    ['backup.example.com {one}\n[backup.example.com]:2222 {other}', 'changed'],
  ])('on another port with %j is %s', (text, kind) => {
    expect(judge(text, 'one', 'backup.example.com', 2222)).toBe(kind);
  });

  it('is found where ssh-keygen has hashed the names', () => {
    const path = join(scratch, 'hashed');
    writeFileSync(path, filled('backup.example.com {one}\n[10.0.0.1]:2222 {ecdsa}\n'));
    execFileSync('ssh-keygen', ['-q', '-H', '-f', path], { stdio: 'ignore' });
    const text = readFileSync(path, 'utf8');
    expect(text).not.toContain('backup');
    expect(judge(text, 'one')).toBe('known');
    expect(judge(text, 'other')).toBe('changed');
    expect(judge(text, 'one', 'other.example.com')).toBe('unknown');
    expect(judge(text, 'ecdsa', '10.0.0.1', 2222)).toBe('known');
    expect(judge(text, 'ecdsa', '10.0.0.1', 2223)).toBe('unknown');
  });

  it('has the types that are known for the server', () => {
    const text = filled('* {rsa}\nbackup.example.com {one}\nother {ecdsa}\n@revoked * {ecdsa}');
    const known = parseKnownHosts(text, 'known_hosts');
    expect(knownKeyTypes(known, { host: 'backup.example.com', port: 22 })).toEqual([
      'ssh-rsa',
      'ssh-ed25519',
    ]);
  });

  it('is named with the line that speaks against it', () => {
    const text = filled('# a comment\n\nbackup.example.com {other}');
    const known = parseKnownHosts(text, 'a file');
    const server = { host: 'backup.example.com', port: 22 };
    expect(judgeHostKey(known, server, keyOf('one'))).toMatchObject({
      kind: 'changed',
      by: { file: 'a file', line: 3 },
    });
  });
});
