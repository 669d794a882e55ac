/**
 * Takes a JSON value out of whatever in-process code or a backend's parser handed over: a copy that nobody else holds,
 * so that what was screened is what is sent, and no getter, proxy or `toJSON` runs in between.
 *
 * Stricter than `JSON.stringify`, which drops functions, writes NaN as null and calls `toJSON`. Members whose value is
 * undefined are left out, because optional members are written that way. Bounds are those of payloads (wire.md, SJ-P).
 */
import { MAX_RESULT_BYTES } from '@hansa/protocols'

export type JsonVerdict = { ok: true; value: unknown } | { ok: false; reason: string }

/** Nesting of a payload: deeper than any real result, far from the stack's end. */
export const MAX_PAYLOAD_DEPTH = 64
/** Values in a payload, containers included. */
export const MAX_PAYLOAD_NODES = 500_000

class NotJson extends Error {}

/** @returns the copy, or where and why the value is not JSON. */
export function jsonValue(value: unknown): JsonVerdict {
  try {
    return { ok: true, value: copy(value, '', 0, { nodes: 0, characters: 0 }) }
  } catch (error) {
    if (error instanceof NotJson) return { ok: false, reason: error.message }
    // A getter or a proxy of the value threw.
    return { ok: false, reason: 'reading the value failed' }
  }
}

type Spent = { nodes: number; characters: number }

function copy(value: unknown, path: string, depth: number, spent: Spent): unknown {
  spent.nodes += 1
  if (spent.nodes > MAX_PAYLOAD_NODES) throw new NotJson(`more than ${MAX_PAYLOAD_NODES} values`)
  switch (typeof value) {
    case 'string':
      return copyText(value, path, spent)
    case 'boolean':
      return value
    case 'number':
      if (!Number.isFinite(value)) throw new NotJson(`${at(path)} is ${value}`)
      // JSON text has no negative zero that survives a round trip.
      return value === 0 ? 0 : value
    case 'object':
      if (value === null) return null
      if (depth === MAX_PAYLOAD_DEPTH) throw new NotJson(`nested deeper than ${MAX_PAYLOAD_DEPTH}, or cyclic`)
      return Array.isArray(value) ? copyArray(value, path, depth, spent) : copyObject(value, path, depth, spent)
    default:
      throw new NotJson(`${at(path)} is ${value === undefined ? 'undefined' : `a ${typeof value}`}`)
  }
}

function copyText(text: string, path: string, spent: Spent): string {
  spent.characters += text.length
  if (spent.characters > MAX_RESULT_BYTES) throw new NotJson(`more than ${MAX_RESULT_BYTES} characters of text`)
  if (!text.isWellFormed()) throw new NotJson(`${at(path)} holds half a surrogate pair`)
  return text
}

function copyArray(array: readonly unknown[], path: string, depth: number, spent: Spent): unknown[] {
  const result: unknown[] = []
  for (let index = 0; index < array.length; index += 1) {
    result.push(copy(array[index], `${path}/${index}`, depth + 1, spent))
  }
  return result
}

function copyObject(object: object, path: string, depth: number, spent: Spent): Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(object)
  if (prototype !== null && prototype !== Object.prototype) {
    throw new NotJson(`${at(path)} is a ${object.constructor?.name ?? 'class instance'}`)
  }
  const result: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(object)) {
    if (member === undefined) continue
    if (key === '__proto__') throw new NotJson(`${at(path)} has a member named __proto__`)
    copyText(key, path, spent)
    result[key] = copy(member, `${path}/${key}`, depth + 1, spent)
  }
  return result
}

function at(path: string): string {
  return path === '' ? 'the value' : path.slice(0, 128)
}
