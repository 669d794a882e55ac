/** Two kernels that write what an exchange leaves in their logs, with real signatures, and can each be made to lie. */
import type { Ack, CallId, Did, EntryDraft, EnvelopeType, Intent, Receipt, RevealState } from '@hansa/protocols'
import { sha256 } from '../../encoding/hash.ts'
import type { Signer } from '../../keys/signer.ts'
import { signBatch } from '../../signed/batch-signer.ts'
import { prepare } from '../../signed/prepared.ts'
import { alice, anAck, anIntent, aReceipt, bob } from '../../testing/index.ts'
import type { Ledger } from '../ledger.ts'
import { type MemoryLogDisk, memoryLogDisk } from '../memory-log-disk.ts'
import { type NoteKey, noteKey } from '../note.ts'
import type { LogSource } from '../verify-pair.ts'
import { hashOf, idOf, openOn } from './fixture.ts'

export type TestKernel = { signer: Signer; key: NoteKey; disk: MemoryLogDisk; ledger: Ledger }

export type Step = 'sent' | 'accepted' | 'outcome' | 'receipt' | 'ack' | 'result'

export type ExchangeInit = {
  /** Steps whose entry is not written; what follows goes on as if it had been. */
  omit?: readonly Step[]
  /** Changes what a step writes. */
  change?: Partial<Record<Step, (draft: EntryDraft) => EntryDraft>>
  /** Changes what is signed. */
  intent?: Partial<Intent>
  receipt?: Partial<Receipt>
  ack?: Partial<Ack>
  /** The acknowledgement is one of two receipts together; the other one is of a call that nobody knows. */
  together?: true
  /** Who signs what the serving, or the asking, side should sign. */
  receiptSigner?: Signer
  ackSigner?: Signer
  /** The serving side refuses before it acts. */
  refused?: boolean
  /** The result waits for the acknowledgement, and then comes, or is missing for this reason. */
  reveal?: 'received' | Exclude<RevealState, 'awaited'>
}

export async function aKernel(signer: Signer, origin: string, disk = memoryLogDisk(origin)): Promise<TestKernel> {
  const key = noteKey(origin, sha256(`hansa test log key ${origin}`))
  const { ledger } = await openOn(disk, { origin, key })
  return { signer, key, disk, ledger }
}

/** Alice, who asks, and bob, who serves. */
export async function twoKernels(): Promise<{ a: TestKernel; b: TestKernel }> {
  return { a: await aKernel(alice, 'a.example/hansa/log/1'), b: await aKernel(bob, 'b.example/hansa/log/1') }
}

export function sourceOf({ disk, key, signer }: TestKernel): LogSource {
  return { disk, vkey: key.vkey, did: signer.did }
}

/** Closes both, so that every entry is under a checkpoint. */
export async function closeBoth({ a, b }: { a: TestKernel; b: TestKernel }): Promise<void> {
  await a.ledger.close()
  await b.ledger.close()
}

export function signedObject(signer: Signer, typ: EnvelopeType, payload: object) {
  const prepared = prepare(typ, payload)
  const [signed] = signBatch(signer, [prepared])
  if (signed === undefined) throw new Error('a batch of one without an object')
  return { hash: signed.hash, envelope: signed.envelope, payload: signed.envelope.payload }
}

/** One call of `asker` to `server`, as both would log it. @returns its id. */
export async function exchange(
  asker: TestKernel,
  server: TestKernel,
  name: string,
  init: ExchangeInit = {},
): Promise<CallId> {
  const callId = idOf(name)
  const write = async (step: Step, on: TestKernel, draft: EntryDraft) => {
    if (init.omit?.includes(step) === true) return { seq: on.ledger.size, leafHash: hashOf('unwritten') }
    const appended = on.ledger.append(init.change?.[step]?.(draft) ?? draft)
    await appended.durable
    return appended
  }
  const [iss, aud] = [asker.signer.did, server.signer.did]
  const common = { call_id: callId, args_c: hashOf(`arguments of ${name}`) }
  const signedIntent = anIntent({ ...common, iss, aud, hops: [iss], chk: server.ledger.head(), ...init.intent })
  const intent = signedObject(asker.signer, 'hansa-intent', signedIntent)

  const sent = {
    type: 'intent.sent',
    peer: aud,
    actor: 'agent:alice',
    cap: 'b/files.read',
    intent: intent.hash,
  } as const
  await write('sent', asker, { ...common, ...sent, ext: { payload: intent.payload } })

  const served = { ...common, peer: iss, intent: intent.hash }
  const result = init.refused === true ? {} : { result_c: hashOf(`result of ${name}`) }
  const status = init.refused === true ? 'denied' : 'ok'
  const refusal = init.refused === true ? ({ code: 'policy_denied' } as const) : {}
  if (init.refused !== true) {
    await write('accepted', server, { type: 'intent.accepted', ...served, ext: { envelope: intent.envelope } })
  }
  const decision = init.refused === true ? 'deny' : 'permit'
  const kept = init.refused === true ? { envelope: intent.envelope } : {}
  const outcome = { type: 'outcome', ...served, ...result, decision, ext: { status, ...refusal, ...kept } } as const
  const { seq, leafHash } = await write('outcome', server, outcome)

  const log = { origin: server.ledger.origin, index: seq, leaf_hash: leafHash, mmd_s: 60 }
  const facts = {
    call_id: callId,
    intent_hash: intent.hash,
    status,
    ...refusal,
    result_c: result.result_c ?? null,
    log,
  } as const
  const receipt = signedObject(
    init.receiptSigner ?? server.signer,
    'hansa-receipt',
    aReceipt({ ...facts, ...init.receipt }),
  )
  const received = { ...common, peer: aud, intent: intent.hash, receipt: receipt.hash, ...result }
  const signedStatus = init.receipt?.status ?? status
  await write('receipt', asker, {
    type: 'receipt.received',
    ...received,
    ext: { status: signedStatus, ...(init.reveal && { reveal: 'awaited' as const }), envelope: receipt.envelope },
  })

  const acknowledged = anAck({ call_id: callId, receipt_hash: receipt.hash, ...init.ack })
  await write('ack', server, ackEntry(acknowledged, init.ackSigner ?? asker.signer, iss, init.together))
  if (init.reveal === 'received') {
    await write('result', asker, { type: 'result.received', ...received, decision: 'permit', ext: { status } })
  } else if (init.reveal !== undefined) {
    const ext = { status, code: 'outcome_unknown', reveal: init.reveal } as const
    await write('result', asker, { type: 'result.missing', ...received, decision: 'error', ext })
  }
  return callId
}

function ackEntry(ack: Ack, signer: Signer, peer: Did, together?: true): EntryDraft {
  const { v, ...acknowledged } = ack
  const { call_id, receipt_hash: receipt } = ack
  if (together === undefined) {
    const { envelope } = signedObject(signer, 'hansa-ack', ack)
    return { type: 'ack.received', call_id, peer, receipt, ext: { envelope } }
  }
  const acks = [{ ...acknowledged, call_id: idOf('somebody else') }, acknowledged]
  const { envelope } = signedObject(signer, 'hansa-acks', { v, acks })
  return { type: 'acks.received', peer, ext: { calls: [call_id], envelope } }
}
