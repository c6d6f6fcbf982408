import { exampleOf, factsOf, sentenceOf, WARNING_CODES } from '../render/warnings/sentence.ts';
import type { AnyWarning } from '../render/warnings/warning-text.ts';

/** docs/reference/warnings.md: every code of a warning with an example, as Markdown. */
export function formatWarningsPage(): string {
  return `${INTRODUCTION}\n${WARNING_CODES.map((code) => formatEntry(exampleOf(code))).join('\n')}`;
}

function formatEntry(example: AnyWarning): string {
  const names = Object.keys(factsOf(example).values).sort();
  const values = names.map((name) => `\`${name}\``).join(', ');
  const has = names.length === 0 ? 'No values' : `Values: ${values}`;
  return `## ${example.code}\n\n${LEVELS[example.kind]}. ${has}.\n\n> ${sentenceOf(example)}\n`;
}

const LEVELS = { warning: 'Warning', notice: 'Notice', advice: 'Advice' } as const;

const INTRODUCTION = `# Warnings

zodbvault prints three kinds of messages that you should read. After a warning, the exit status is 3: look into it. A
notice tells you about something that zodbvault has put right, or that is good to know. Advice is a warning about the
settings. It is the same in each run, so it does not change the exit status, and \`-q\` hides it.

Each has a code. \`--json\` has all of them in \`warnings\`, with \`level\` (\`warning\`, \`notice\` or \`advice\`),
\`code\`, \`values\` and \`message\`. \`--log-format json\` has a line with the same for each, with \`warning\` for advice.
Programs should use code and values, because these stay the same and the sentences may change. If a list of paths is
long, \`paths\` contains the first 100, and \`count\` says how many there are. A value that is not known is absent.

Each example below is what zodbvault prints for made-up values.

<!-- Made by "npm run pages" from src/cli/render/warnings. -->
`;
