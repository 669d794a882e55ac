/**
 * What changed between two schema texts, in words for an operator. Every change of meaning suspends, so a change that
 * these words do not fit loses nothing but the word.
 */
import type { CapabilityDescriptor } from '@hansa/protocols'
import { canonicalJson } from '../json/canonical-json.ts'
import { isObject } from '../json/is-object.ts'
import { parseStrictText } from '../json/parse-strict-json.ts'
import type { FieldChange } from './change.ts'

type SchemaTexts = Pick<CapabilityDescriptor, 'input_schema' | 'output_schema'>

export function schemaChanges(was: SchemaTexts, is: SchemaTexts): FieldChange[] {
  return [
    ...changesOf('input', was.input_schema, is.input_schema),
    ...changesOf('output', was.output_schema, is.output_schema),
  ]
}

function changesOf(side: 'input' | 'output', was: string | undefined, is: string | undefined): FieldChange[] {
  if (was === is) return []
  if (was === undefined || is === undefined) {
    return [{ action: 'suspend', what: `${side}_schema_${was === undefined ? 'added' : 'removed'}` }]
  }
  const [before, after] = [parseSchema(was), parseSchema(is)]
  if (before === undefined || after === undefined) return [{ action: 'suspend', what: `${side}_schema_changed` }]
  if (canonicalJson(before) === canonicalJson(after)) return [{ action: 'apply', what: `${side}_schema_respelled` }]
  const members = memberChanges(side, before, after)
  return members.length > 0 ? members : [{ action: 'suspend', what: `${side}_schema_changed` }]
}

function memberChanges(side: string, before: Schema, after: Schema): FieldChange[] {
  const names = [...new Set([...Object.keys(before.properties), ...Object.keys(after.properties)])]
  const change = (what: string, name: string): FieldChange => ({
    action: 'suspend',
    what: `${side}_${what}`,
    detail: name,
  })
  return names.flatMap((name): FieldChange[] => {
    const kind = after.required.includes(name) ? 'required' : 'optional'
    if (!Object.hasOwn(before.properties, name)) return [change(`${kind}_added`, name)]
    if (!Object.hasOwn(after.properties, name)) return [change('removed', name)]
    const changes: FieldChange[] = []
    if (before.required.includes(name) !== after.required.includes(name)) changes.push(change(`made_${kind}`, name))
    if (canonicalJson(before.properties[name]) !== canonicalJson(after.properties[name])) {
      changes.push(
        change(enumWidened(before.properties[name], after.properties[name]) ? 'enum_widened' : 'type_changed', name),
      )
    }
    return changes
  })
}

function enumWidened(before: unknown, after: unknown): boolean {
  if (!isObject(before) || !isObject(after) || !Array.isArray(before.enum) || !Array.isArray(after.enum)) return false
  const allowed = new Set(before.enum.map(canonicalJson))
  return after.enum.some((value) => !allowed.has(canonicalJson(value)))
}

type Schema = { properties: Record<string, unknown>; required: unknown[] } & Record<string, unknown>

function parseSchema(text: string): Schema | undefined {
  const parsed = parseStrictText(text, 'payload')
  if (!parsed.ok || !isObject(parsed.value)) return undefined
  const { properties, required } = parsed.value
  return {
    ...parsed.value,
    properties: isObject(properties) ? properties : {},
    required: Array.isArray(required) ? required : [],
  }
}
