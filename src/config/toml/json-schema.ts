import { SPAN_PATTERN } from '../../system/calendar/span.ts';
import { COPY_OPTIONS, type CopyOptionKind, MOST_DAYS } from '../resolve/copy-options.ts';
import { type TomlKind, tomlOptions } from './toml-options.ts';

/** The JSON schema of `zodbvault.toml` for editors (docs/reference/zodbvault.schema.json). */
export function tomlSchema(): object {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'zodbvault.toml',
    description:
      'How zodbvault backs up a site, or several. Options above all tables hold for all.',
    type: 'object',
    properties: {
      ...options(),
      sites: {
        description: 'One table for each site: [sites.NAME].',
        type: 'object',
        propertyNames: { pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]*$' },
        additionalProperties: {
          type: 'object',
          properties: options(),
          additionalProperties: false,
        },
      },
    },
    additionalProperties: false,
  };
}

function options(): Readonly<Record<string, object>> {
  return Object.fromEntries(
    tomlOptions().map(({ name, kind, says, byDefault }) => [
      name,
      { description: `${says}; default: ${byDefault}`.replaceAll('`', ''), ...typeOf(kind) },
    ]),
  );
}

function typeOf(kind: TomlKind): object {
  const string = { type: 'string' };
  switch (kind) {
    case 'flag':
      return { type: 'boolean' };
    case 'count':
      return { type: 'integer', minimum: 0, maximum: 999_999 };
    case 'span':
      return { ...string, pattern: SPAN_PATTERN };
    case 'path':
    case 'text':
      return string;
    case 'words':
    case 'commands':
      return { anyOf: [string, { type: 'array', items: string }] };
    case 'storages':
      return tables({ required: 'name', others: ['datafs', 'blob_storage'] });
    case 'sources':
      return tables({ required: 'location', others: ['name', 'blobbackuplocation'] });
    case 'copies':
      return { anyOf: [string, { type: 'array', items: { anyOf: [string, copyTable()] } }] };
    default:
      return { enum: kind };
  }
}

function copyTable(): object {
  const options = Object.entries(COPY_OPTIONS).map(([name, { kind, says, byDefault }]) => [
    name,
    {
      description: `${says}; default: ${byDefault}`,
      ...typeOfCopyOption(kind),
    },
  ]);
  return {
    type: 'object',
    required: ['url'],
    properties: { url: { type: 'string' }, ...Object.fromEntries(options) },
    additionalProperties: false,
  };
}

function typeOfCopyOption(kind: CopyOptionKind): object {
  switch (kind) {
    case 'bytes':
      return { type: 'integer', minimum: 0 };
    case 'days':
      return { type: 'integer', minimum: 0, maximum: MOST_DAYS };
    default:
      return typeOf(kind);
  }
}

function tables(names: { readonly required: string; readonly others: readonly string[] }): object {
  const { required, others } = names;
  const properties = Object.fromEntries(
    [required, ...others].map((name) => [name, { type: 'string' }]),
  );
  return {
    type: 'array',
    items: { type: 'object', required: [required], properties, additionalProperties: false },
  };
}
