/** An operator's word that a registry which was caught may be asked again, in the log before it counts. */
import type { RegistryMemory } from '@hansa/mesh'
import { CallError, type EntryDraft } from '@hansa/protocols'
import type { Appended } from '@hansa/trust/ledger'

/** What it had been caught with. */
export type ForgivenRegistry = { url: string; kind: string; reason: string }

export type ForgiveRegistryComponents = {
  memory: Pick<RegistryMemory, 'refusal' | 'forget'>
  append(draft: EntryDraft): Appended
}

/** @throws CallError `not_found` for one that was not caught. */
export async function forgiveRegistry(
  { url, by }: { url: string; by: string },
  { memory, append }: ForgiveRegistryComponents,
): Promise<ForgivenRegistry> {
  const refusal = await memory.refusal(url)
  if (refusal === undefined)
    throw new CallError({ code: 'not_found' }, `not_found: ${url} was not caught; it is asked like every registry.`)
  const { kind, reason } = refusal
  const ext = { source: url.slice(0, 512), reason: `${kind}: ${reason}`.slice(0, 1024) }
  await append({ type: 'registry.forgiven', actor: by, ext }).durable
  await memory.forget(url)
  return { url, kind, reason: reason.slice(0, 1024) }
}
