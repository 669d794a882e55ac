/** docs/reference/configuration.md: every key of hansa.yaml, from its schema. */
import { type ConfigJsonSchema, configJsonSchema, defaultText, environmentVariables } from '@hansa/node'

const variables = new Map(environmentVariables().map(({ path, name }) => [path.join('.'), name]))
const DEFAULT = /\s*\bDefault: (.+)$/

export function configurationPage(): string {
  return [
    '# Configuration',
    '',
    '<!-- Generated from the schema by `npm run -s docs:generate`. Do not edit. -->',
    '',
    'Every key of `hansa.yaml`. `[]` is an item of a list, `NAME` a name of your choice; a key with * has to be there when what is around it is. A key that is not here is a mistake, and `hansa config check` names it with its line. A variable of the environment goes before the file; for a key that is not text its value is YAML, such as `30`, `true` or `[10.0.0.0/8]`, and an empty one counts as unset. `hansa config schema` prints the JSON Schema, which is also in [node/hansa.schema.json](../../node/hansa.schema.json).',
    '',
    '| key | type | default | variable | meaning |',
    '|---|---|---|---|---|',
    ...rows(configJsonSchema(), ''),
    '',
  ].join('\n')
}

function rows(schema: ConfigJsonSchema, path: string): string[] {
  const { properties = {}, items, additionalProperties: rest, required = [] } = schema
  const members = Object.entries(properties).flatMap(([key, member]) => {
    const at = path === '' ? key : `${path}.${key}`
    return [row(at, member, required.includes(key)), ...rows(member, at)]
  })
  const inner = typeof rest === 'object' ? rows(rest, `${path}.NAME`) : []
  return [...members, ...(items === undefined ? [] : rows(items, `${path}[]`)), ...inner]
}

function row(path: string, schema: ConfigJsonSchema, isRequired: boolean): string {
  const { description = '' } = schema
  const cells = [
    `\`${path}\`${isRequired ? ' *' : ''}`,
    typeOf(schema),
    defaultText(schema) ?? '',
    variables.has(path) ? `\`${variables.get(path)}\`` : '',
    description.replace(DEFAULT, '').replace(/\.$/, ''),
  ]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('<', '&lt;')).join(' | ')} |`
}

function typeOf({ type, enum: values, anyOf, items }: ConfigJsonSchema): string {
  if (values !== undefined) return values.map((value) => `\`${String(value)}\``).join(', ')
  if (anyOf !== undefined) return [...new Set(anyOf.map(typeOf))].join(' or ')
  if (type === 'array') return `list of ${items === undefined ? 'anything' : typeOf(items)}`
  return type ?? 'anything'
}
