import type { Ack, Acks, Intent, Receipt } from '@hansa/protocols'
import { encodeBase64url } from '../encoding/base64url.ts'
import { sha256, taggedHash } from '../encoding/hash.ts'
import { alice, bob } from './actors.ts'
import { aCapability, NOW } from './manifests.ts'

const id = (name: string) => encodeBase64url(sha256(`hansa test id ${name}`).subarray(0, 16))
const hash = (name: string) => taggedHash('test', name)

/** What alice asks of bob. */
export function anIntent(over: Partial<Intent> = {}): Intent {
  return {
    v: 1,
    call_id: id('call'),
    sid: id('session'),
    ctr: 1,
    iss: alice.did,
    aud: bob.did,
    sub: hash('pseudonym'),
    cap: 'files.read',
    cap_hash: aCapability().hash,
    args_c: hash('arguments'),
    labels: [],
    prf: [],
    hops: [alice.did],
    ttl_hops: 3,
    deadline_ms: 30_000,
    iat: NOW,
    exp: NOW + 60,
    ...over,
  }
}

/** What bob says he did for alice. */
export function aReceipt(over: Partial<Receipt> = {}): Receipt {
  return {
    v: 1,
    call_id: id('call'),
    intent_hash: hash('intent'),
    status: 'ok',
    result_c: hash('result'),
    labels: [],
    obligations: ['log'],
    pol: 1,
    started: NOW,
    finished: NOW,
    log: { origin: 'b.example/hansa/log/1', index: 7, leaf_hash: hash('entry'), mmd_s: 60 },
    ...over,
  }
}

/** That alice holds bob's receipts of two calls. */
export function severalAcks(over: Partial<Acks> = {}): Acks {
  const acks = ['call', 'another call'].map((call) => ({ call_id: id(call), receipt_hash: hash(`receipt of ${call}`) }))
  return { v: 1, acks, ...over }
}

/** That alice holds bob's receipt. */
export function anAck(over: Partial<Ack> = {}): Ack {
  return { v: 1, call_id: id('call'), receipt_hash: hash('receipt'), ...over }
}
