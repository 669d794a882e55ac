/**
 * B of the signed durable exchange: verifies the intent, logs it, acts, logs the outcome, and answers with a signed
 * receipt. One HMAC stands for the token; there is no policy and no firewall.
 */
import { createHmac, createSecretKey, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { answerParent } from '../measure/answer-parent.ts'
import { GroupCommitLog } from './group-commit-log.ts'
import { listenHttp } from './http-exchange.ts'
import {
  digest,
  type Intent,
  joinFrames,
  keyOf,
  newIdentity,
  type Receipt,
  readFrames,
  unixSeconds,
} from './signed-statements.ts'
import { type Signing, statementSigner, statementVerifier } from './statement-signing.ts'

const identity = newIdentity()
const tokenKey = createSecretKey(randomBytes(32))

type ServeInit = { directory: string; signing: Signing; caller: string }

answerParent({
  identity: () => identity.publicKey,
  open: (init: ServeInit) => listenHttp(server(init)),
})

function server({ directory, signing, caller }: ServeInit): (body: Buffer) => Promise<Buffer> {
  const log = new GroupCommitLog(join(directory, 'server.log'))
  const sign = statementSigner(signing, identity.privateKey)
  const verify = statementVerifier(signing, keyOf(caller))
  return async (body) => {
    const { proof, statement, salt, content } = readFrames(body)
    if (!verify(statement, proof)) throw new Error('the intent does not verify')
    const intent = JSON.parse(statement.toString('utf8')) as Intent
    if (intent.from !== caller || intent.to !== identity.publicKey) throw new Error('an intent between others')
    if (unixSeconds() >= intent.expires) throw new Error('an intent that has expired')
    if (intent.arguments !== digest(salt, content)) throw new Error('not the arguments of the intent')
    createHmac('sha256', tokenKey).update(statement).digest()
    await log.append('intent.accepted', statement, proof).durable

    const result = act(content)
    const resultSalt = randomBytes(32)
    const resultHash = digest(resultSalt, result)
    const outcome = log.append('outcome', Buffer.from(JSON.stringify({ call: intent.call, result: resultHash })))
    const receipt: Receipt = {
      call: intent.call,
      intent: digest(statement),
      status: 'ok',
      result: resultHash,
      finished: unixSeconds(),
      log: { index: outcome.index, hash: outcome.hash.toString('base64url') },
    }
    const receiptBytes = Buffer.from(JSON.stringify(receipt))
    const [receiptProof] = await Promise.all([sign(receiptBytes), outcome.durable])
    return joinFrames([receiptProof, receiptBytes, resultSalt, result])
  }
}

/** The capability: it gives back what it is given. */
function act(args: Buffer): Buffer {
  return Buffer.from(JSON.stringify(JSON.parse(args.toString('utf8'))))
}
