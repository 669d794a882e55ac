/** What a kernel remembers of its policy where two persons are needed to widen it, so that a restart is no way around. */
import { pendingPolicySchema, policyFileSchema, type Store, type StoreChange } from '@hansa/protocols'
import { type CompiledPolicy, compilePolicy, type PolicySource, parsedJson } from '@hansa/trust'
import { z } from 'zod'

const NAMESPACE = 'policy'
const IN_FORCE = 'in_force'
const PENDING = 'pending'

const sourceSchema = z.union([
  z.strictObject({ name: z.string(), text: z.string() }),
  z.strictObject({ name: z.string(), rules: policyFileSchema.shape.rules, version: z.int().optional() }),
])
const inForceSchema = z.strictObject({ v: z.literal(1), sources: z.array(sourceSchema) })
const waitingSchema = z.strictObject({ v: z.literal(1), sources: z.array(sourceSchema), shown: pendingPolicySchema })

export type WaitingPolicy = { sources: readonly PolicySource[]; shown: z.infer<typeof pendingPolicySchema> }
/** Undefined: two persons were not needed before. */
export type RememberedPolicy = { policy: CompiledPolicy; sources: readonly PolicySource[]; waiting?: WaitingPolicy }

/** @throws Error for a record that cannot be read: what was in force must not be forgotten by it */
export async function rememberedPolicy(store: Store): Promise<RememberedPolicy | undefined> {
  const rows = new Map((await store.list(NAMESPACE)).map(({ key, value }) => [key, value]))
  const kept = rows.get(IN_FORCE)
  if (kept === undefined) return undefined
  const inForce = inForceSchema.safeParse(parsedJson(kept))
  const compiled = inForce.success ? compilePolicy(inForce.data.sources as PolicySource[]) : undefined
  const text = rows.get(PENDING)
  const waiting = text === undefined ? undefined : waitingSchema.safeParse(parsedJson(text))
  if (!inForce.success || compiled?.ok !== true || waiting?.success === false)
    throw new Error('the policy that was in force is stored and cannot be read; restore the store')
  return {
    policy: compiled.policy,
    sources: inForce.data.sources as PolicySource[],
    ...(waiting === undefined ? {} : { waiting: waiting.data as WaitingPolicy }),
  }
}

/** @param sources undefined: two persons are no longer needed */
export function inForceChange(sources: readonly PolicySource[] | undefined): StoreChange {
  const place = { namespace: NAMESPACE, key: IN_FORCE }
  return sources === undefined ? place : { ...place, value: JSON.stringify({ v: 1, sources }) }
}

export function waitingChange(waiting: WaitingPolicy | undefined): StoreChange {
  const place = { namespace: NAMESPACE, key: PENDING }
  return waiting === undefined ? place : { ...place, value: JSON.stringify({ v: 1, ...waiting }) }
}
