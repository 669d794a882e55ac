/** The two forms of a reply to a call, and what an acknowledgement is exchanged for (protocols: call-body). */
import { encodeFrames } from '@hansa/protocols'
import { encodeBase64url } from '../../encoding/base64url.ts'
import { commitTo, sha256 } from '../../encoding/hash.ts'
import { signBatch } from '../../signed/batch-signer.ts'
import { prepare } from '../../signed/prepared.ts'
import { alice, bob } from '../actors.ts'
import { anAck, aReceipt } from '../statements.ts'
import { filesOf, type VectorFile } from './vector-file.ts'

const nothing = new Uint8Array(0)
const argsSalt = sha256('salt of the arguments')
const salt = sha256('salt of the result')
const result = Buffer.from('{"written":1}')

const receipt = aReceipt({ status: 'ok', result_c: commitTo(salt, result) })
const [signedReceipt] = signBatch(bob, [prepare('hansa-receipt', receipt)])
const acknowledged = anAck({ call_id: receipt.call_id, receipt_hash: signedReceipt?.hash ?? '' })
const [signedAck] = signBatch(alice, [prepare('hansa-ack', acknowledged)])

const frames = (...all: Uint8Array[]) => encodeBase64url(encodeFrames(all))
const envelope = Buffer.from(signedReceipt?.text ?? '')
const common = { caller: alice.did, issuer: bob.did, args_salt: encodeBase64url(argsSalt) }
const request = frames(Buffer.from(signedAck?.text ?? ''), argsSalt)
const withheld = { ...common, reply: frames(envelope, nothing, nothing), request }

export function revealVectors(): VectorFile[] {
  return [
    ...filesOf('reveal/valid', {
      direct: {
        description: 'the result comes with its receipt; nothing is revealed',
        ...common,
        reply: frames(envelope, salt, result),
        result: result.toString(),
      },
      withheld: {
        description: 'the result waits: the reply without it, the acknowledgement that is sent, and what comes for it',
        ...withheld,
        answer: frames(salt, result),
        result: result.toString(),
      },
    }),
    ...filesOf('reveal/invalid', {
      'other-result': {
        description: 'another result than the receipt commits to',
        ...withheld,
        answer: frames(salt, Buffer.from('{"written":2}')),
        reason: 'result_wrong',
      },
      'other-salt': {
        description: 'another salt than the receipt commits to',
        ...withheld,
        answer: frames(argsSalt, result),
        reason: 'result_wrong',
      },
      'salt-without-result': {
        description: 'a reply with a salt and no result: neither form',
        ...common,
        reply: frames(envelope, salt, nothing),
        reason: 'result_wrong',
      },
    }),
  ]
}
