import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { forgetBuild, hashBuildInputs, isBuiltOf, noteBuild } from '../packaging/build-inputs.ts';
import { scratchFolder } from './support/scratch.ts';

const root = scratchFolder();

const FILES = ['package-lock.json', 'package.json', 'tsconfig.build.json', 'tsconfig.json'];

function makeInputs(folder: string): void {
  for (const name of ['packaging', 'src']) mkdirSync(join(folder, name), { recursive: true });
  for (const name of [...FILES, 'src/main.ts']) writeFileSync(join(folder, name), 'x');
}

it('what a build is made of is the same wherever the clone lies', () => {
  const [one, other] = [join(root, 'one'), join(root, 'other')];
  makeInputs(one);
  makeInputs(other);
  expect(hashBuildInputs(one)).toBe(hashBuildInputs(other));
});

it('a build is made again where something that it is made of has changed, or it was killed', () => {
  makeInputs(root);
  const built = hashBuildInputs(root);
  expect(isBuiltOf(built, root)).toBe(false);
  noteBuild(built, root);
  expect(isBuiltOf(hashBuildInputs(root), root)).toBe(true);
  renameSync(join(root, 'src/main.ts'), join(root, 'src/other.ts'));
  expect(isBuiltOf(hashBuildInputs(root), root)).toBe(false);
  renameSync(join(root, 'src/other.ts'), join(root, 'src/main.ts'));
  writeFileSync(join(root, 'package-lock.json'), 'y');
  expect(isBuiltOf(hashBuildInputs(root), root)).toBe(false);
  forgetBuild(root);
  expect(isBuiltOf(built, root)).toBe(false);
});
