/**
 * What ProtoJSON permits a client to write otherwise (protobuf.dev, ProtoJSON format): members by their names in the
 * proto, and null for what is not there. Free JSON stays as it is. Pure.
 */
import { isObject } from '@hansa/trust'
import { invalidParams } from './a2a-fault.ts'

/** Members that are JSON of the client's own. */
const free: ReadonlySet<string> = new Set(['data', 'metadata', 'params'])

/** @throws A2aFault for a member that is there under both of its names */
export function plainProtoJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainProtoJson)
  if (!isObject(value)) return value
  const plain = new Map<string, unknown>()
  for (const [given, member] of Object.entries(value)) {
    const name = given.replaceAll(/_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase())
    if (member === null && name !== 'data') continue
    if (plain.has(name)) throw invalidParams(`${name} is there twice, as ${given} too.`)
    plain.set(name, free.has(name) ? member : plainProtoJson(member))
  }
  return Object.fromEntries(plain)
}
