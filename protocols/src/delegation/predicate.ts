/**
 * What a delegation says of the arguments of a call: a small language that every implementation evaluates alike
 * (security.md B5). A selector names a member of the arguments, `.invoice.amount`.
 *
 *   ["==", ".tenant", "acme"]   ["<=", ".max_rows", 50]   ["like", ".path", "public/*"]   ["not", P]   ["and", [P, ...]]
 */
import { z } from 'zod'

/** Predicates of one link, the inner ones counted. */
export const MAX_PREDICATES = 64
const MAX_DEPTH = 4

export const selectorSchema = z
  .string()
  .max(256)
  .regex(/^(?:\.[A-Za-z0-9_-]{1,64}){1,8}$/, 'not a selector such as .invoice.amount')
const scalar = z.union([z.string().max(1024), z.int(), z.boolean(), z.null()])

export type Scalar = string | number | boolean | null
export type Predicate =
  | ['==' | '!=', string, Scalar]
  | ['<' | '<=' | '>' | '>=', string, number]
  | ['like', string, string]
  | ['in', string, Scalar[]]
  | ['not', Predicate]
  | ['and' | 'or', Predicate[]]

const leaf = [
  z.tuple([z.enum(['==', '!=']), selectorSchema, scalar]),
  z.tuple([z.enum(['<', '<=', '>', '>=']), selectorSchema, z.int()]),
  z.tuple([z.literal('like'), selectorSchema, z.string().max(1024)]),
  z.tuple([z.literal('in'), selectorSchema, z.array(scalar).max(64)]),
] as const

function ofDepth(depth: number): z.ZodType<Predicate> {
  const id = `PredicateOfDepth${depth}`
  if (depth === 1) return z.union(leaf).meta({ id })
  const inner = ofDepth(depth - 1)
  const compound = [z.tuple([z.literal('not'), inner]), z.tuple([z.enum(['and', 'or']), z.array(inner).max(16)])]
  return z.union([...leaf, ...compound]).meta({ id })
}

export const predicateSchema = ofDepth(MAX_DEPTH)
export const predicatesSchema = z
  .array(predicateSchema)
  .max(32)
  .refine(
    (all) => all.reduce((sum, one) => sum + sizeOf(one), 0) <= MAX_PREDICATES,
    `more than ${MAX_PREDICATES} predicates`,
  )
  .describe('All of them have to hold')

function sizeOf(predicate: Predicate): number {
  if (predicate[0] === 'not') return 1 + sizeOf(predicate[1])
  if (predicate[0] !== 'and' && predicate[0] !== 'or') return 1
  return predicate[1].reduce((sum, one) => sum + sizeOf(one), 1)
}
