/** A of the signed durable exchange: logs its signed intent before it sends it, and the verified receipt before it goes on. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { answerParent } from '../measure/answer-parent.ts'
import { type Payload, payload } from '../measure/payload.ts'
import { type LoadInit, runLoad } from '../measure/run-load.ts'
import { GroupCommitLog } from './group-commit-log.ts'
import { httpPoster } from './http-exchange.ts'
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

const LIFE_SECONDS = 60

const identity = newIdentity()
let call: (number: number) => Promise<void>

type ConnectInit = { directory: string; signing: Signing; server: string; origin: string }

answerParent({
  identity: () => identity.publicKey,
  connect(init: ConnectInit) {
    const exchange = client(init)
    call = async (number) => {
      const { call: echoed } = await exchange(payload(number))
      if (echoed !== number) throw new Error('another call was answered')
    }
  },
  load: (init: LoadInit) => runLoad(call, init),
})

function client({ directory, signing, server, origin }: ConnectInit): (args: Payload) => Promise<Payload> {
  const log = new GroupCommitLog(join(directory, 'client.log'))
  const sign = statementSigner(signing, identity.privateKey)
  const verify = statementVerifier(signing, keyOf(server))
  const post = httpPoster(origin)
  return async (args) => {
    const content = Buffer.from(JSON.stringify(args))
    const salt = randomBytes(32)
    const now = unixSeconds()
    const intent: Intent = {
      call: randomBytes(16).toString('base64url'),
      from: identity.publicKey,
      to: server,
      capability: 'bench.echo',
      arguments: digest(salt, content),
      issued: now,
      expires: now + LIFE_SECONDS,
    }
    const statement = Buffer.from(JSON.stringify(intent))
    const [proof] = await Promise.all([sign(statement), log.append('intent.sent', statement).durable])

    const reply = readFrames(await post(joinFrames([proof, statement, salt, content])))
    if (!verify(reply.statement, reply.proof)) throw new Error('the receipt does not verify')
    const receipt = JSON.parse(reply.statement.toString('utf8')) as Receipt
    if (receipt.call !== intent.call || receipt.intent !== digest(statement)) throw new Error('another receipt')
    if (receipt.result !== digest(reply.salt, reply.content)) throw new Error('not the result of the receipt')
    await log.append('receipt.received', reply.statement, reply.proof).durable
    return JSON.parse(reply.content.toString('utf8')) as Payload
  }
}
