import { isFailure } from '../../system/failure.ts';
import type { Buildout } from '../buildout/buildout.ts';
import type { ForeignLine } from '../schedule/foreign-lines.ts';
import { partNames, recipeOf } from './plone-parts.ts';

/**
 * The lines that parts of z3c.recipe.usercrontab put into the crontab when the buildout runs (PyPI: `times`,
 * `command`). One that can't be resolved is none of our business.
 */
export function cronLinesOf(buildout: Buildout): readonly ForeignLine[] {
  return partNames(buildout).flatMap((name) => {
    try {
      if (recipeOf(buildout, name)?.split(':')[0] !== 'z3c.recipe.usercrontab') return [];
      const textOf = (option: string) => buildout.option(name, option)?.text.trim() ?? '';
      const command = textOf('command');
      const text = `${textOf('times')} ${command}`;
      return command === '' ? [] : [{ text, by: `the part [${name}] of the buildout` }];
    } catch (error) {
      if (isFailure(error, 'usage')) return [];
      throw error;
    }
  });
}
