/*
 * Loaded into the command before anything else: each rename takes a while, and the first one of a restored file
 * leaves the file that SLOW_RENAMES names.
 */
import { promises, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { rename } = promises;
promises.rename = async (from, to) => {
  await rename(from, to);
  if (!from.endsWith('.zodbvault-restored') && !to.endsWith('.zodbvault-kept')) return;
  writeFileSync(process.env.SLOW_RENAMES, '');
  await new Promise((resolve) => setTimeout(resolve, 400));
};
syncBuiltinESMExports();
