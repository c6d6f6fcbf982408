import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { forgetBuild, hashBuildInputs, isBuiltOf, noteBuild } from '../packaging/build-inputs.ts';
import { scratchFolder } from './support/scratch.ts';

const root = scratchFolder();

it('a build is made again where something that it is made of has changed, or it was killed', () => {
  for (const folder of ['packaging', 'src']) mkdirSync(join(root, folder));
  const files = ['package-lock.json', 'package.json', 'tsconfig.build.json', 'tsconfig.json'];
  for (const name of [...files, 'src/main.ts']) writeFileSync(join(root, name), 'x');
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
