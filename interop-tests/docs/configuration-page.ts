/** docs/reference/configuration.md: every key of hansa.yaml, from its schema. */
import { configJsonSchema, environmentNames } from '@hansa/node'

type Schema = {
  type?: string
  description?: string
  enum?: readonly unknown[]
  anyOf?: readonly Schema[]
  properties?: Readonly<Record<string, Schema>>
  items?: Schema
  additionalProperties?: Schema | boolean
  required?: readonly string[]
}

const variables: Readonly<Record<string, string>> = {
  listen: environmentNames.listen,
  log_level: environmentNames.logLevel,
  public_url: environmentNames.publicUrl,
}
const DEFAULT = /\s*\bDefault: (.+)$/

export function configurationPage(): string {
  return [
    '# Configuration',
    '',
    '<!-- Generated from the schema by `npm run -s docs:generate`. Do not edit. -->',
    '',
    'Every key of `hansa.yaml`. `[]` is an item of a list, `NAME` a name of your choice; a key with * has to be there when what is around it is. A key that is not here is a mistake, and `hansa config check` names it with its line. A variable of the environment goes before the file. `hansa config schema` prints the JSON Schema, which is also in [node/hansa.schema.json](../../node/hansa.schema.json).',
    '',
    '| key | type | default | variable | meaning |',
    '|---|---|---|---|---|',
    ...rows(configJsonSchema() as Schema, ''),
    '',
  ].join('\n')
}

function rows(schema: Schema, path: string): string[] {
  const { properties = {}, items, additionalProperties: rest, required = [] } = schema
  const members = Object.entries(properties).flatMap(([key, member]) => {
    const at = path === '' ? key : `${path}.${key}`
    return [row(at, member, required.includes(key)), ...rows(member, at)]
  })
  const inner = typeof rest === 'object' ? rows(rest, `${path}.NAME`) : []
  return [...members, ...(items === undefined ? [] : rows(items, `${path}[]`)), ...inner]
}

function row(path: string, schema: Schema, isRequired: boolean): string {
  const { description = '' } = schema
  const cells = [
    `\`${path}\`${isRequired ? ' *' : ''}`,
    typeOf(schema),
    DEFAULT.exec(description)?.[1] ?? '',
    variables[path] === undefined ? '' : `\`${variables[path]}\``,
    description.replace(DEFAULT, '').replace(/\.$/, ''),
  ]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('<', '&lt;')).join(' | ')} |`
}

function typeOf({ type, enum: values, anyOf, items }: Schema): string {
  if (values !== undefined) return values.map((value) => `\`${String(value)}\``).join(', ')
  if (anyOf !== undefined) return [...new Set(anyOf.map(typeOf))].join(' or ')
  if (type === 'array') return `list of ${items === undefined ? 'anything' : typeOf(items)}`
  return type ?? 'anything'
}
