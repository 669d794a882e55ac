/**
 * The last checkpoint that each registry has shown, kept over restarts: a registry that shows less, or something else, is
 * not asked any more. Nothing it lists was ever believed; this is about what it leaves out.
 */
import { checkpointReferenceSchema, type Store } from '@hansa/protocols'
import { isObject, parsedJson } from '@hansa/trust'
import { MeshError } from '../errors.ts'
import { inTurn } from '../in-turn.ts'
import { judgeRegistryHead, type RegistryHead, type RegistryHeadVerdict } from './judge-registry-head.ts'
import type { RegistryClient, RegistryFault } from './registry-client.ts'

export type RegistryRefusal = Extract<RegistryHeadVerdict, { ok: false }>

export interface RegistryMemory {
  /**
   * Asks the registry for its head and remembers it when it extends the one before. One fault is enough: what it shows
   * afterwards is not looked at until `forget`.
   */
  advance(
    url: string,
    client: RegistryClient,
    signal?: AbortSignal,
  ): Promise<{ ok: true; head: RegistryHead } | RegistryRefusal | RegistryFault>
  head(url: string): Promise<RegistryHead | undefined>
  /** Why it is not asked any more, since this process started or before. */
  refusal(url: string): Promise<RegistryRefusal | undefined>
  /** An operator's act: the next head counts as the first. */
  forget(url: string): Promise<void>
}

type Remembered = { head?: RegistryHead; refusal?: RegistryRefusal }

const NAMESPACE = 'mesh.registries'
/** Registries that are remembered; the oldest goes first. */
const MAX_REGISTRIES = 256

export type RegistryMemoryComponents = {
  store: Store
  /** Told once of each fault. @default nobody is */
  refused?(url: string, refusal: RegistryRefusal): void
}

export function registryMemory({ store, refused = () => undefined }: RegistryMemoryComponents): RegistryMemory {
  let loading: Promise<Map<string, Remembered>> | undefined
  const turn = inTurn()
  const all = () => {
    loading ??= load(store)
    return loading
  }
  const remember = async (url: string, record: Remembered) => {
    const known = await all()
    if (!known.has(url) && known.size >= MAX_REGISTRIES) {
      const [oldest] = known.keys()
      if (oldest !== undefined) {
        await store.delete(NAMESPACE, oldest)
        known.delete(oldest)
      }
    }
    await store.set(NAMESPACE, url, JSON.stringify(record))
    known.set(url, record)
  }
  return {
    advance: (url, client, signal) =>
      turn(async () => {
        const key = normalized(url)
        const known = (await all()).get(key) ?? {}
        if (known.refusal !== undefined) return known.refusal
        const size = known.head?.checkpoint.size ?? 0
        const reply = await client.checkpoint(size === 0 ? undefined : size, signal)
        if (!reply.ok) return reply
        const verdict = judgeRegistryHead(known.head, reply.value)
        if (!verdict.ok) {
          await remember(key, { ...known, refusal: verdict })
          refused(url, verdict)
          return verdict
        }
        if (verdict.head.checkpoint.size !== size || known.head === undefined)
          await remember(key, { head: verdict.head })
        return verdict
      }),
    head: async (url) => (await all()).get(normalized(url))?.head,
    refusal: async (url) => (await all()).get(normalized(url))?.refusal,
    forget: (url) =>
      turn(async () => {
        ;(await all()).delete(normalized(url))
        await store.delete(NAMESPACE, normalized(url))
      }),
  }
}

function normalized(url: string): string {
  return url.replace(/\/+$/, '')
}

async function load(store: Store): Promise<Map<string, Remembered>> {
  const records = new Map<string, Remembered>()
  for (const { key, value } of await store.list(NAMESPACE)) {
    const record = readRecord(value)
    // As if it had never been asked, a registry that was caught would begin anew.
    if (record === undefined)
      throw new MeshError(
        { code: 'store_corrupt', namespace: NAMESPACE, key },
        `What is remembered of the registry ${key} cannot be read. Restore the state of the node from a backup.`,
      )
    records.set(key, record)
  }
  return records
}

const kinds = ['unsigned', 'another_key', 'rolled_back', 'forked'] as const

function readRecord(text: string): Remembered | undefined {
  const value = parsedJson(text)
  if (!isObject(value)) return undefined
  const { head, refusal } = value
  const record: Remembered = {}
  if (head !== undefined) {
    if (!isObject(head) || typeof head.vkey !== 'string') return undefined
    const checkpoint = checkpointReferenceSchema.safeParse(head.checkpoint)
    if (!checkpoint.success) return undefined
    record.head = { vkey: head.vkey, checkpoint: checkpoint.data }
  }
  if (refusal !== undefined) {
    const kind = isObject(refusal) ? kinds.find((one) => one === refusal.kind) : undefined
    if (!isObject(refusal) || kind === undefined || typeof refusal.reason !== 'string') return undefined
    record.refusal = { ok: false, kind, reason: refusal.reason }
  }
  return record
}
