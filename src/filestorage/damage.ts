import { Failure } from '../system/failure.ts';

/**
 * The failure for bytes in front of the committed end that are not what the format says.
 *
 * @param name - how the file is called
 * @param position - offset at which the fault was seen
 * @param state - what was found and what was expected
 */
export function damageAt(name: string, position: number, state: string): Failure {
  return new Failure('damaged', `Cannot read transaction at ${position} in "${name}": ${state}`, {
    hint: 'The file is damaged there; restore it from a backup, or repair it with ZODB’s fsrecover.',
  });
}
