/** Ledger entries as a kernel writes them that serves a peer: each call's begin entry with the signed intent in it, and its outcome. */
import type { EntryDraft } from '@hansa/protocols'
import { parseEnvelope, prepare, randomId, signBatch } from '@hansa/trust'
import { alice, anIntent } from '@hansa/trust/testing'

/** As many signed together as a kernel signs that has so many calls in flight. */
const PER_SIGNATURE = 32

/** @returns two entries per call. @param calls rounded up to whole signatures. */
export function servedCalls(calls: number): EntryDraft[] {
  return Array.from({ length: Math.ceil(calls / PER_SIGNATURE) }, signedTogether).flat()
}

function signedTogether(): EntryDraft[] {
  // An entry is not older than the intent in it.
  const iat = Math.floor(Date.now() / 1000)
  const intents = Array.from({ length: PER_SIGNATURE }, (_, at) =>
    anIntent({ call_id: randomId(), ctr: at + 1, iat, exp: iat + 60 }),
  )
  const signed = signBatch(
    alice,
    intents.map((intent) => prepare('hansa-intent', intent)),
  )
  return signed.flatMap(({ text, hash }, at) => {
    // As it comes from the peer.
    const envelope = parseEnvelope(Buffer.from(text))
    if (envelope === undefined) throw new Error('a signer writes envelopes')
    const intent = intents[at] ?? anIntent()
    const common = {
      call_id: intent.call_id,
      actor: `${intent.iss}#${intent.sub}`,
      peer: intent.iss,
      cap: intent.cap,
      cap_hash: intent.cap_hash,
      decision: 'permit' as const,
      pol: 1,
      intent: hash,
      args_c: intent.args_c,
    }
    return [
      { ...common, type: 'intent.accepted' as const, rules: ['org-a-may-echo'], ext: { envelope } },
      { ...common, type: 'outcome' as const, result_c: intent.args_c, ext: { status: 'ok' as const } },
    ]
  })
}
