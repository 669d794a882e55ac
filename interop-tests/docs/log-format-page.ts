/**
 * The part of docs/reference/log-format.md that says what stands in an entry: every member of the schema, and every type with
 * the members that it can have. The rest of the page is written by hand and stays.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { commonEntryMembers, type EntryMember, entryFacts, entrySchema, entryTypes } from '@hansa/protocols'
import { z } from 'zod'
import { repository } from './pages.ts'

const PATH = 'docs/reference/log-format.md'
const BEGIN = '<!-- Generated from the code by `npm run -s docs:generate`, down to the end mark. Do not edit. -->'
const END = '<!-- End of what is generated. -->'

export function logFormatPage(): string {
  const text = readFileSync(join(repository, PATH), 'utf8')
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (from < 0 || to < from) throw new Error(`${PATH} has lost the marks of its generated part`)
  return `${text.slice(0, from)}${BEGIN}\n\n${entryTables()}\n\n${text.slice(to)}`
}

function entryTables(): string {
  const members = membersOf(jsonSchemaOf(entrySchema)).map(
    ({ name, form, description }) => `| \`${name}\` | ${form} | ${description} |`,
  )
  const types = entryTypes.map((type) => {
    const { means, members: own } = entryFacts[type]
    return `| \`${type}\` | ${means} | ${own.map((one) => `\`${one}\``).join(', ')} |`
  })
  return `### Types

An entry has ${commonEntryMembers.map((one) => `\`${one}\``).join(', ')}, and what stands behind its type, each where there is such a thing. \`ext.NAME\` is a member of \`ext\`. The list of types is closed: an entry of another type, or with another member, is none.

| type | means | can have |
|---|---|---|
${types.join('\n')}

### Members

| member | is | |
|---|---|---|
${members.join('\n')}`
}

type Member = { name: string; form: string; description: string }
type JsonSchema = {
  type?: string
  const?: unknown
  enum?: readonly unknown[]
  anyOf?: readonly JsonSchema[]
  items?: JsonSchema
  properties?: Readonly<Record<string, JsonSchema>>
  description?: string
  maxLength?: number
  maxItems?: number
}

function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' }) as JsonSchema
}

function membersOf({ properties = {} }: JsonSchema, prefix = ''): Member[] {
  return Object.entries(properties).flatMap(([name, schema]) =>
    name === 'ext' && prefix === ''
      ? membersOf(schema, 'ext.')
      : [
          {
            name: `${prefix}${name}`,
            form: formOf(schema),
            description: (schema.description ?? '').replaceAll('|', '\\|'),
          },
        ],
  )
}

function formOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${schema.const}\``
  if (schema.enum !== undefined) return schema.enum.length > 12 ? 'one of a closed list' : listed(schema.enum)
  if (schema.anyOf !== undefined) return schema.anyOf.map(formOf).join(' or ')
  if (schema.type === 'array') return `list of ${formOf(schema.items ?? {})}${most(schema.maxItems)}`
  if (schema.type === 'object') {
    const names = Object.keys(schema.properties ?? {})
    return names.length === 0 ? 'object' : `object: ${names.map((one) => `\`${one}\``).join(', ')}`
  }
  return `${schema.type ?? 'any'}${most(schema.maxLength)}`
}

function listed(values: readonly unknown[]): string {
  return values.map((value) => `\`${value}\``).join(', ')
}

function most(count: number | undefined): string {
  return count === undefined ? '' : `, at most ${count.toLocaleString('en')}`
}

/** Every member that the schema has besides those of every entry. */
export function schemaMembers(): EntryMember[] {
  const common: ReadonlySet<string> = new Set(commonEntryMembers)
  return membersOf(jsonSchemaOf(entrySchema))
    .map(({ name }) => name as EntryMember)
    .filter((name) => !common.has(name))
}
