import { describe, expect, it } from 'vitest'
import { schemaFault } from './schema-text.ts'

const chain = (links: number) => {
  const definitions = Array.from({ length: links }, (_, at) => [
    `d${at}`,
    at + 1 < links ? { $ref: `#/$defs/d${at + 1}` } : {},
  ])
  return JSON.stringify({ $ref: '#/$defs/d0', $defs: Object.fromEntries(definitions) })
}

describe(schemaFault, () => {
  it.each([
    ['an object schema', '{"type":"object","properties":{"a":{"type":"number","minimum":0.5}}}'],
    ['a property called $ref', '{"properties":{"$ref":{"type":"string"}}}'],
    ['a property called pattern, and the keyword', '{"properties":{"pattern":{"type":"string","pattern":"^a*$"}}}'],
    ['a property called constructor', '{"properties":{"constructor":{"type":"string"}}}'],
    ['a reference to a definition, twice', '{"allOf":[{"$ref":"#/$defs/a"},{"$ref":"#/$defs/a"}],"$defs":{"a":{}}}'],
    ['a reference with an escaped name', '{"$ref":"#/$defs/a~1b%20c","$defs":{"a/b c":{}}}'],
    ['a reference to an anchor', '{"$ref":"#here","$defs":{"a":{"$anchor":"here"}}}'],
    ['a reference to an id of draft-07', '{"$ref":"#here","definitions":{"a":{"$id":"#here"}}}'],
    ['a chain of 32 references', chain(32)],
    ['both dialects', '{"$schema":"http://json-schema.org/draft-07/schema#"}'],
  ])('finds no fault with %s', (_what, text) => {
    expect(schemaFault(text)).toBeUndefined()
  })

  it.each([
    ['schema_remote_ref', 'a reference to a URL', '{"properties":{"a":{"$ref":"https://mallory.example/s"}}}'],
    ['schema_remote_ref', 'a reference to a file beside it', '{"$ref":"other.json#/a"}'],
    ['schema_remote_ref', 'a dynamic reference away', '{"$dynamicRef":"https://mallory.example/s#a"}'],
    ['schema_remote_ref', 'a reference inside a definition that nobody uses', '{"$defs":{"a":{"$ref":"x"}}}'],
    ['schema_recursive', 'a reference to the whole', '{"properties":{"child":{"$ref":"#"}}}'],
    [
      'schema_recursive',
      'a definition that refers to itself',
      '{"$ref":"#/$defs/a","$defs":{"a":{"allOf":[{"$ref":"#/$defs/a"}]}}}',
    ],
    [
      'schema_recursive',
      'two definitions in a circle',
      '{"$defs":{"a":{"not":{"$ref":"#/$defs/b"}},"b":{"not":{"$ref":"#/$defs/a"}}}}',
    ],
    ['schema_recursive', 'a recursive anchor', '{"$recursiveAnchor":true,"items":{"$recursiveRef":"#"}}'],
    ['schema_dangling_ref', 'a reference to nothing', '{"$ref":"#/$defs/none"}'],
    ['schema_dangling_ref', 'a reference to what every object inherits', '{"$ref":"#/constructor"}'],
    ['schema_dangling_ref', 'a broken escape', '{"$ref":"#/%zz"}'],
    ['schema_too_deep', 'a chain of a thousand references', chain(1000)],
    ['schema_too_deep', 'an array 17 deep', `{"enum":${'['.repeat(16)}${']'.repeat(16)}}`],
    ['schema_too_deep', '100 000 brackets', '['.repeat(100_000)],
    ['schema_not_an_object', 'true', 'true'],
    ['schema_not_an_object', 'a list', '[]'],
    ['schema_not_strict_json', 'a name twice', '{"type":"object","type":"string"}'],
    ['schema_not_strict_json', 'a prototype', '{"__proto__":{}}'],
    ['schema_not_strict_json', 'nothing', ''],
  ])('names %s in %s', (fault, _what, text) => {
    expect(schemaFault(text)).toBe(fault)
  })
})
